/** What events mean for a doctor's times: each slot is known by its start. */
import type { Slot, SlotsOfDoctor } from '../api/shapes'
import { type EventIn, isOf } from './frames'

export interface SlotWindow {
  from: string
  to: string
}

export function applyToSlots(window: SlotWindow) {
  return (data: SlotsOfDoctor, event: EventIn<'slots.'>): SlotsOfDoctor => {
    if (!isOf(event, 'slot')) return data
    const slot = event.data
    if (slot.appointment_date < window.from || slot.appointment_date > window.to) return data
    return { ...data, slots: putSlot(data.slots, slot) }
  }
}

function putSlot(slots: Slot[], slot: Slot): Slot[] {
  const at = Date.parse(slot.start)
  const index = slots.findIndex(({ start }) => Date.parse(start) >= at)
  if (index === -1) return [...slots, slot]
  const replaces = Date.parse(slots[index]?.start ?? '') === at
  return slots.toSpliced(index, replaces ? 1 : 0, slot)
}

/** The days whose times changed all at once and must be loaded again; none named means all of them. */
export function changedDays(event: EventIn<'slots.'>, window: SlotWindow): SlotWindow | undefined {
  if (event.type !== 'hours.changed') return undefined
  const { dates } = event.data
  if (dates.length === 0) return window
  const inView = dates.filter((date) => date >= window.from && date <= window.to).sort()
  const [from, to] = [inView[0], inView.at(-1)]
  return from && to ? { from, to } : undefined
}

/**
 * Puts newly loaded days in the place of the old ones. The whole is true at the older of the two numbers: events that
 * one part already holds come again, and applying a state twice is harmless.
 */
export function replaceDays(data: SlotsOfDoctor, loaded: SlotsOfDoctor, window: SlotWindow): SlotsOfDoctor {
  const kept = data.slots.filter(
    ({ appointment_date }) => appointment_date < window.from || appointment_date > window.to,
  )
  const older = loaded.stream.seq < data.stream.seq ? loaded.stream : data.stream
  return {
    ...data,
    time_zone: loaded.time_zone,
    slots: [...kept, ...loaded.slots].sort((a, b) => Date.parse(a.start) - Date.parse(b.start)),
    stream: older,
  }
}
