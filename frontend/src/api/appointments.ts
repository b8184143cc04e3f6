/** Appointments: reading them and what a person does to one. */
import { api, dataOf, ifStill, once } from './http'
import { allPages } from './pages'
import type { Appointment, Appointments } from './shapes'

export interface AppointmentFilter {
  from?: string
  to?: string
  doctor?: number
}

export function loadAppointments(filter: AppointmentFilter, signal?: AbortSignal): Promise<Appointments> {
  return allPages('appointments', (page) =>
    dataOf(api.GET('/api/appointments/', { params: { query: { ...filter, ...page } }, signal })),
  )
}

export interface Booking {
  doctor_id: number
  /** An instant says which of two equal wall-clock times is meant when summer time ends. */
  start: string
  notes?: string
  /** Whom staff book for. */
  patient_id?: number
}

export async function book(booking: Booking, key: string): Promise<Appointment> {
  const answer = await dataOf(api.POST('/api/appointments/book/', { body: booking, headers: once(key) }))
  return answer.appointment
}

/** To another time of the same doctor. The visit stays the same one. */
export async function reschedule(
  appointment: Pick<Appointment, 'id' | 'version'>,
  start: string,
  key: string,
): Promise<Appointment> {
  const answer = await dataOf(
    api.POST('/api/appointments/{appointment_id}/reschedule/', {
      params: { path: { appointment_id: appointment.id } },
      body: { start },
      headers: { ...once(key), ...ifStill(appointment.version) },
    }),
  )
  return answer.appointment
}

/** The patient says that they will come. */
export async function confirm(appointment: Pick<Appointment, 'id'>, key: string): Promise<Appointment> {
  const answer = await dataOf(
    api.POST('/api/appointments/{appointment_id}/confirm/', {
      params: { path: { appointment_id: appointment.id } },
      headers: once(key),
    }),
  )
  return answer.appointment
}

export async function cancel(
  appointment: Pick<Appointment, 'id' | 'version'>,
  reason: string,
  key: string,
): Promise<Appointment> {
  const answer = await dataOf(
    api.POST('/api/appointments/{appointment_id}/cancel/', {
      params: { path: { appointment_id: appointment.id } },
      body: reason ? { reason } : {},
      headers: { ...once(key), ...ifStill(appointment.version) },
    }),
  )
  return answer.appointment
}
