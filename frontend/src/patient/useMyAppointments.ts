/** The signed-in patient's appointments, live. */
import { loadAppointments } from '../api/appointments'
import type { Appointment, Appointments } from '../api/shapes'
import { applyToAppointments } from '../realtime/appointments'
import { useLive } from '../realtime/useLive'

export const myAppointmentsKey = ['appointments', 'mine']

const everyOne = () => true
const apply = applyToAppointments(everyOne)

export function useMyAppointments(enabled = true) {
  return useLive<Appointments>({
    enabled,
    queryKey: myAppointmentsKey,
    load: (signal) => loadAppointments({}, signal),
    apply,
  })
}

const OPEN = new Set<Appointment['status']>(['SCHEDULED', 'ARRIVED', 'IN_PROGRESS'])

/** Still to come or going on; a visit that is under way stays until it is closed. */
export function isComing(appointment: Appointment, now: number): boolean {
  if (!OPEN.has(appointment.status)) return false
  return appointment.status !== 'SCHEDULED' || Date.parse(appointment.end) > now
}

/** A patient may give a booked visit another time, or say that they will come, until it starts. */
export function mayMove(appointment: Appointment, now: number): boolean {
  return appointment.status === 'SCHEDULED' && Date.parse(appointment.start) > now
}

/** A patient may cancel until the visit starts. */
export function mayCancel(appointment: Appointment, now: number): boolean {
  return (
    (appointment.status === 'SCHEDULED' || appointment.status === 'ARRIVED') &&
    Date.parse(appointment.start) > now
  )
}
