/** A topic without a snapshot of its own: whatever happens in it concerns data that is loaded in another way. */
import { useEffect, useRef } from 'react'
import { useConnection } from './connection'
import type { EventIn } from './frames'

export interface TopicListener<Topic extends string> {
  event: (event: EventIn<Topic>) => void
  /** From now on nothing is missed; what was loaded before may have been overtaken. */
  load: () => void
}

export function useTopic<Topic extends string>(
  topic: Topic | undefined,
  listener: TopicListener<Topic>,
): void {
  const connection = useConnection()
  const newest = useRef(listener)
  newest.current = listener
  useEffect(() => {
    if (!topic) return
    const watch = connection.watch(topic, null, {
      event: (event) => newest.current.event(event),
      reset: () => newest.current.load(),
    })
    return () => watch.close()
  }, [connection, topic])
}
