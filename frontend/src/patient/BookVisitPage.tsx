export function BookVisitPage() {
  return null
}
