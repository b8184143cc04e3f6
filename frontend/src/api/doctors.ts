/** Doctors as patients find them, and their times. */
import { call } from './http'
import { allPages } from './pages'
import type { DoctorCard, SlotsOfDoctor } from './shapes'

export async function loadDoctors(signal?: AbortSignal): Promise<DoctorCard[]> {
  const answer = await allPages<'doctors', DoctorCard, { doctors: DoctorCard[] }>(
    '/api/doctors/',
    'doctors',
    {
      signal,
    },
  )
  return answer.doctors
}

export function loadSlots(
  doctor: number,
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<SlotsOfDoctor> {
  return call('GET', `/api/doctors/${doctor}/slots/`, { query: { from, to }, signal })
}
