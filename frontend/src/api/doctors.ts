/** Doctors as patients find them, and their times. */
import { api, dataOf } from './http'
import { allPages } from './pages'
import type { DoctorCard, SlotsOfDoctor } from './shapes'

export async function loadDoctors(signal?: AbortSignal): Promise<DoctorCard[]> {
  const answer = await allPages('doctors', (query) =>
    dataOf(api.GET('/api/doctors/', { params: { query }, signal })),
  )
  return answer.doctors
}

export function loadSlots(
  doctor: number,
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<SlotsOfDoctor> {
  const params = { path: { doctor_id: doctor }, query: { from, to } }
  return dataOf(api.GET('/api/doctors/{doctor_id}/slots/', { params, signal }))
}
