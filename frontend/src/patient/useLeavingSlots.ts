/** Times that were free on this screen a moment ago: they say so before they go, so that nothing jumps underfoot. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Slot } from '../api/shapes'

const LEAVES_AFTER_MS = 3_000

export interface ShownSlot {
  slot: Slot
  free: boolean
}

export function useLeavingSlots(slots: Slot[], onTaken: (slot: Slot) => void): ShownSlot[] {
  const [, draw] = useState(0)
  // What has been on the screen. Read while drawing: a time that left for one frame would take the focus with it.
  const seen = useRef(new Set<string>())
  const leaving = useRef(new Set<string>())
  const told = useRef(onTaken)
  told.current = onTaken
  for (const { start, state } of slots) if (state === 'free') seen.current.add(start)

  const leave = useCallback((start: string) => {
    // A focused button that vanished would drop a keyboard user at the top of the page: it waits until they move on.
    const element = document.activeElement
    if (element instanceof HTMLElement && element.dataset.start === start) {
      element.addEventListener('blur', () => leave(start), { once: true })
      return
    }
    // Freed again meanwhile: it stays.
    if (leaving.current.delete(start)) seen.current.delete(start)
    draw((count) => count + 1)
  }, [])

  useEffect(() => {
    for (const slot of slots) {
      if (slot.state === 'free') leaving.current.delete(slot.start)
      else if (seen.current.has(slot.start) && !leaving.current.has(slot.start)) {
        leaving.current.add(slot.start)
        told.current(slot)
        setTimeout(() => leave(slot.start), LEAVES_AFTER_MS)
      }
    }
  }, [slots, leave])

  return slots
    .map((slot) => ({ slot, free: slot.state === 'free' }))
    .filter(({ slot, free }) => free || seen.current.has(slot.start))
}
