export function MyAppointmentsPage() {
  return null
}
