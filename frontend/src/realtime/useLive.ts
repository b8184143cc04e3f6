/**
 * A snapshot and the events after it, as one query.
 *
 * The cached data carries the number it is true at (`stream`), so the cache always knows from where to go on: after a
 * remount, a refetch that was overtaken by events, a broken connection, or a restart of the service.
 */
import { type QueryKey, type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { Stream } from '../api/shapes'
import type { Watch } from './client'
import { useConnection } from './connection'
import type { EventFrame } from './frames'

export interface Mirror {
  stream: Stream
}

interface Live<Data extends Mirror, Said extends EventFrame> {
  queryKey: QueryKey
  load: (signal: AbortSignal) => Promise<Data>
  /** The data after an event; the same object when the event does not concern it. */
  apply: (data: Data, event: Said) => Data
  /** What else an event means, once it is applied. */
  after?: (event: Said, data: Data) => void
  enabled?: boolean
}

/** `Said` are the events of the topic that the snapshot names. */
export function useLive<Data extends Mirror, Said extends EventFrame = EventFrame>({
  queryKey,
  load,
  apply,
  after,
  enabled = true,
}: Live<Data, Said>) {
  const client = useQueryClient()
  const connection = useConnection()
  const query: UseQueryResult<Data> = useQuery({
    queryKey,
    queryFn: ({ signal }) => load(signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
    // Sharing structure would cost a deep comparison for every event.
    structuralSharing: false,
  })
  const newest = useRef({ apply, after })
  newest.current = { apply, after }
  const watch = useRef<Watch | undefined>(undefined)
  const topic = query.data?.stream.topic
  const key = JSON.stringify(queryKey)
  // A topic that was refused is not asked for again, unless its data was refused as well and came back later.
  const refused = useRef<string | undefined>(undefined)
  if (query.error) refused.current = undefined

  useEffect(() => {
    if (!topic || !enabled || topic === refused.current) return
    const queryKey = JSON.parse(key) as QueryKey
    const held = () => client.getQueryData<Data>(queryKey)
    watch.current = connection.watch(topic, held()?.stream ?? null, {
      event(frame) {
        const event = frame as Said
        const before = held()
        if (!before || !continues(before, event)) return
        const data = { ...newest.current.apply(before, event), stream: { ...before.stream, seq: event.seq } }
        client.setQueryData<Data>(queryKey, data)
        newest.current.after?.(event, data)
      },
      reset() {
        void client.invalidateQueries({ queryKey, exact: true })
      },
      revoked() {
        // What may no longer be watched leaves the screen at once; asking again says why.
        refused.current = topic
        void client.resetQueries({ queryKey, exact: true })
      },
    })
    return () => {
      watch.current?.close()
      watch.current = undefined
    }
  }, [client, connection, key, topic, enabled])

  // A snapshot that was loaded again may be behind or ahead of the events so far. Read from the cache, not from the
  // render: events may have been applied since.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed stream is the reason to look at the cache
  useEffect(() => {
    const stream = client.getQueryData<Data>(JSON.parse(key) as QueryKey)?.stream
    if (stream) watch.current?.seek(stream)
  }, [client, key, query.data?.stream])

  return query
}

/** An event beyond the next number must wait for the ones between: the watch is about to go back for them. */
export function continues(data: Mirror, event: EventFrame): boolean {
  return event.seq === data.stream.seq + 1
}
