/** The current instant, moving with the clock. */
import { useSyncExternalStore } from 'react'

const STEP_MS = 15_000
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function step(): number {
  return Math.floor(Date.now() / STEP_MS) * STEP_MS
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    for (const each of listeners) each()
  }, STEP_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** Rounded down to a quarter minute, so that every part of a page shows the same now. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, step)
}
