/** Which times to offer when the chosen one cannot be had. */
import type { Appointment, Slot } from '../api/shapes'

/** Why it cannot be had. */
export interface Loss {
  code: 'slot_taken' | 'patient_busy'
  start: string
  /** The next free starts as the service named them. */
  alternatives: string[]
}

type Visit = Pick<Appointment, 'start' | 'end' | 'status'>

const OFFERED = 3
const OVER = new Set<Appointment['status']>(['CANCELLED', 'NO_SHOW'])

/**
 * The times that the service named, as far as they are still free on this screen; else the nearest ones. Never the
 * lost time itself, nor one at which the patient has another appointment.
 */
export function offersFor(loss: Loss, slots: Slot[], own: Visit[]): Slot[] {
  const lost = Date.parse(loss.start)
  const busy = own.filter(({ status }) => !OVER.has(status))
  const free = slots.filter(
    (slot) =>
      slot.state === 'free' && Date.parse(slot.start) !== lost && !busy.some((visit) => overlap(visit, slot)),
  )
  const names = new Set(loss.alternatives.map((start) => Date.parse(start)))
  const named = free.filter(({ start }) => names.has(Date.parse(start)))
  if (named.length > 0) return named.slice(0, OFFERED)
  const distance = ({ start }: Slot) => Math.abs(Date.parse(start) - lost)
  return free
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, OFFERED)
    .sort((a, b) => Date.parse(a.start) - Date.parse(b.start))
}

function overlap(a: Pick<Visit, 'start' | 'end'>, b: Pick<Slot, 'start' | 'end'>): boolean {
  return Date.parse(a.start) < Date.parse(b.end) && Date.parse(b.start) < Date.parse(a.end)
}
