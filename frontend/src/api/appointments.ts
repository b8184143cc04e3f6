/** Appointments: reading them and what a person does to one. */
import { call } from './http'
import { allPages } from './pages'
import type { Appointment, Appointments } from './shapes'

export interface AppointmentFilter {
  from?: string
  to?: string
}

export function loadAppointments(filter: AppointmentFilter, signal?: AbortSignal): Promise<Appointments> {
  return allPages<'appointments', Appointment, Appointments>('/api/appointments/', 'appointments', {
    query: { ...filter },
    signal,
  })
}

export async function loadAppointment(id: number): Promise<Appointment> {
  return (await call<{ appointment: Appointment }>('GET', `/api/appointments/${id}/`)).appointment
}

export interface Booking {
  doctor_id: number
  /** An instant says which of two equal wall-clock times is meant when summer time ends. */
  start: string
  notes?: string
}

export async function book(booking: Booking, key: string): Promise<Appointment> {
  const answer = await call<{ appointment: Appointment }>('POST', '/api/appointments/book/', {
    body: booking,
    idempotencyKey: key,
  })
  return answer.appointment
}

export async function cancel(
  appointment: { id: number; version: number },
  reason: string,
  key: string,
): Promise<Appointment> {
  const answer = await call<{ appointment: Appointment }>(
    'POST',
    `/api/appointments/${appointment.id}/cancel/`,
    {
      body: reason ? { reason } : {},
      idempotencyKey: key,
      version: appointment.version,
    },
  )
  return answer.appointment
}
