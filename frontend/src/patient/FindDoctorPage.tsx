export function FindDoctorPage() {
  return null
}
