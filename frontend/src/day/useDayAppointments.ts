/** The appointments of one calendar day, live: a doctor's own, or all doctors' for the front desk. */
import { loadAppointments } from '../api/appointments'
import type { Appointments } from '../api/shapes'
import { applyToAppointments } from '../realtime/appointments'
import type { EventFrame } from '../realtime/frames'
import { useLive } from '../realtime/useLive'

export function useDayAppointments(
  date: string,
  { doctor, after }: { doctor?: number; after?: (event: EventFrame) => void } = {},
) {
  return useLive<Appointments>({
    queryKey: ['appointments', 'day', date],
    load: (signal) => loadAppointments({ from: date, to: date }, signal),
    apply: applyToAppointments(
      // One that was given to a colleague is told to whom it was taken from.
      (each) => each.appointment_date === date && (doctor === undefined || each.doctor.id === doctor),
    ),
    after,
  })
}
