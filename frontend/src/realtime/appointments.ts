/** What events mean for a list of appointments: put by id, never replace a newer version. */
import type { Appointment, Appointments } from '../api/shapes'
import { type EventFrame, isOf } from './frames'

export type Belongs = (appointment: Appointment) => boolean

export function applyToAppointments(belongs: Belongs) {
  return (data: Appointments, event: EventFrame): Appointments => {
    return isOf(event, 'appointment') ? putAppointment(data, event.data, belongs) : data
  }
}

/** One that no longer belongs, for example because it moved to another day, leaves the list. */
export function putAppointment(data: Appointments, appointment: Appointment, belongs: Belongs): Appointments {
  const held = data.appointments.find(({ id }) => id === appointment.id)
  if (held && held.version > appointment.version) return data
  const others = data.appointments.filter(({ id }) => id !== appointment.id)
  if (!belongs(appointment)) return held ? { ...data, appointments: others } : data
  // A topic may leave out what its watchers share no right to; what was loaded with the right stays.
  return { ...data, appointments: [...others, { ...held, ...appointment }].sort(byStart) }
}

function byStart(a: Appointment, b: Appointment): number {
  return Date.parse(a.start) - Date.parse(b.start) || a.id - b.id
}
