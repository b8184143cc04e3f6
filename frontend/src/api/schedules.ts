/** Working hours and time off: a doctor's own, or any doctor's for an admin. */
import { api, dataOf, once } from './http'
import { allPages } from './pages'
import type { Appointment, Availability, TimeOff } from './shapes'

/** Whose hours: one's own, or those of the doctor with this id. */
export type Whose = 'own' | number

export interface AvailabilityChange {
  available_days: unknown
  appointment_duration: number
  max_patients_per_day: number | null
  time_zone: string
}

export async function loadAvailability(whose: Whose): Promise<Availability> {
  const answer =
    whose === 'own'
      ? await dataOf(api.GET('/api/doctors/availability/'))
      : await dataOf(
          api.GET('/api/doctors/{doctor_id}/availability/', { params: { path: { doctor_id: whose } } }),
        )
  return answer.availability
}

export async function saveAvailability(whose: Whose, body: AvailabilityChange): Promise<Availability> {
  const answer =
    whose === 'own'
      ? await dataOf(api.PUT('/api/doctors/availability/', { body }))
      : await dataOf(
          api.PUT('/api/doctors/{doctor_id}/availability/', {
            params: { path: { doctor_id: whose } },
            body,
          }),
        )
  return answer.availability
}

export async function loadTimeOff(whose: Whose): Promise<TimeOff[]> {
  const who = whose === 'own' ? {} : { doctor_id: whose }
  const answer = await allPages('time_off', (page) =>
    dataOf(api.GET('/api/doctors/time_off/', { params: { query: { ...who, ...page } } })),
  )
  return answer.time_off
}

export interface NewTimeOff {
  start: string
  end: string
  reason?: string
}

export function addTimeOff(
  whose: Whose,
  absence: NewTimeOff,
  key: string,
): Promise<{ time_off: TimeOff; affected: Appointment[] }> {
  const who = whose === 'own' ? {} : { doctor_id: whose }
  return dataOf(api.POST('/api/doctors/time_off/', { body: { ...absence, ...who }, headers: once(key) }))
}

export async function removeTimeOff(id: number): Promise<void> {
  await api.DELETE('/api/doctors/time_off/{time_off_id}/', { params: { path: { time_off_id: id } } })
}
