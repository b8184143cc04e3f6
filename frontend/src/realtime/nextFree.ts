/** What events of a doctor's times mean for the next free one that a card shows. */
import type { DoctorCard } from '../api/shapes'
import { type EventIn, isOf } from './frames'

/** Only a lost next time, or changed hours, cannot be worked out from what is on the screen. */
export function nextFreeAfter(
  doctors: DoctorCard[] | undefined,
  id: number,
  event: EventIn<'slots.'>,
): 'ask' | 'known' {
  if (event.type === 'hours.changed') return 'ask'
  const slot = event.data
  const next = doctors?.find((doctor) => doctor.id === id)?.next_free
  const isNext = next != null && Date.parse(next) === Date.parse(slot.start)
  return isNext && slot.state !== 'free' ? 'ask' : 'known'
}

export function withFreed(doctors: DoctorCard[], id: number, event: EventIn<'slots.'>): DoctorCard[] {
  if (!isOf(event, 'slot')) return doctors
  const slot = event.data
  if (slot.state !== 'free') return doctors
  return doctors.map((doctor) =>
    doctor.id === id && (doctor.next_free === null || Date.parse(slot.start) < Date.parse(doctor.next_free))
      ? { ...doctor, next_free: slot.start }
      : doctor,
  )
}
