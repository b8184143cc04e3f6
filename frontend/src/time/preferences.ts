/** How this person likes to read times, remembered on this device. */
import { useSyncExternalStore } from 'react'

export interface TimePreferences {
  /** `clinic`: the zone of the doctor or clinic; `own`: the zone of this device. */
  zone: 'clinic' | 'own'
  hours: '12' | '24'
}

const KEY = 'clinic.time'
const listeners = new Set<() => void>()
let current = stored()

function stored(): TimePreferences {
  const usual: TimePreferences = { zone: 'clinic', hours: usesTwelveHours() ? '12' : '24' }
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<TimePreferences>) }
  } catch {
    return usual
  }
}

function usesTwelveHours(): boolean {
  return new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions().hour12 ?? false
}

export function setTimePreferences(change: Partial<TimePreferences>): void {
  current = { ...current, ...change }
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // Private windows may refuse storage: the choice then lasts as long as the page.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useTimePreferences(): TimePreferences {
  return useSyncExternalStore(subscribe, () => current)
}

/** Another tab changed them. */
if (typeof window !== 'undefined') {
  window.addEventListener('storage', (event) => {
    if (event.key !== KEY) return
    current = stored()
    for (const listener of listeners) listener()
  })
}
