/** An appointment's time as one phrase, in the clock of this person's choice. */
import type { Appointment } from '../api/shapes'
import { dayName, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'

export function useWhen(appointment: Pick<Appointment, 'start' | 'time_zone'>): string {
  const clock = useClock(appointment.time_zone)
  return `${dayName(appointment.start, clock.zone)}, ${timeOf(appointment.start, clock)}`
}
