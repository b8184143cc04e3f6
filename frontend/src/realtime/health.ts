/** Whether what is on the screen is true right now, and since when it may not be. */
import { useSyncExternalStore } from 'react'
import { connection } from './connection'

export interface Health {
  state: 'starting' | 'live' | 'reconnecting' | 'offline'
  /** When the last moment of certainty was; null while live. */
  staleSince: number | null
  /** It will not come back by itself. */
  paused: boolean
}

/** A blink is no trouble: most reconnects are over before anyone could read about them. */
const GRACE_MS = 2_000

const LIVE: Health = { state: 'live', staleSince: null, paused: false }

let health: Health = { state: 'starting', staleSince: null, paused: false }
let lostAt: number | null = null
let grace: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()

function set(next: Health): void {
  health = next
  for (const listener of listeners) listener()
}

function look(): void {
  const { phase } = connection.status
  if (phase === 'live' && navigator.onLine) {
    clearTimeout(grace)
    grace = undefined
    lostAt = null
    set(LIVE)
    return
  }
  if (phase === 'idle') {
    clearTimeout(grace)
    grace = undefined
    lostAt = null
    set({ state: 'starting', staleSince: null, paused: false })
    return
  }
  lostAt ??= Date.now()
  if (Date.now() - lostAt >= GRACE_MS) tell()
  else grace ??= setTimeout(tell, GRACE_MS)
}

function tell(): void {
  const paused = connection.status.phase === 'stopped'
  const offline = paused || !navigator.onLine
  set({ state: offline ? 'offline' : 'reconnecting', staleSince: lostAt, paused })
}

connection.onStatus(look)
window.addEventListener('online', look)
window.addEventListener('offline', look)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useHealth(): Health {
  return useSyncExternalStore(subscribe, () => health)
}
