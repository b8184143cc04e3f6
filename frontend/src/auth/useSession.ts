/** The session's phase, as React state. */
import { useSyncExternalStore } from 'react'
import { type SessionPhase, session } from './session'

export function useSessionPhase(): SessionPhase {
  return useSyncExternalStore(session.subscribe, () => session.phase)
}
