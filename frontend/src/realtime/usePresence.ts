/** Who else has this record open: told by the topic that the page watches already, and by nothing else. */
import { useCallback, useSyncExternalStore } from 'react'
import { useConnection } from './connection'
import type { Viewer } from './frames'

/**
 * Everybody who is watching the topic now, this person included, each once; empty while that is not known. It does not
 * watch by itself: the page does, as with `useLive`.
 */
export function usePresence(topic: string | undefined): readonly Viewer[] {
  const connection = useConnection()
  const present = useCallback(() => connection.present(topic ?? ''), [connection, topic])
  return useSyncExternalStore(connection.onPresence, present)
}
