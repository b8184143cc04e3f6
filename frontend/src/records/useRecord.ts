/** One record with its notes, live for those who may read it. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { loadRecord, type RecordMirror } from '../api/records'
import type { EventIn } from '../realtime/frames'
import { applyToRecord } from '../realtime/records'
import { useLive } from '../realtime/useLive'
import { recordsKey } from './useRecords'

export function recordKey(id: number) {
  return ['record', id]
}

export function useRecord(id: number, after?: (event: EventIn<'record.'>) => void) {
  return useLive<RecordMirror, EventIn<'record.'>>({
    queryKey: recordKey(id),
    load: (signal) => loadRecord(id, signal),
    apply: applyToRecord,
    after,
  })
}

/** Puts what the service answered to one's own change, before its event comes. */
export function useRecordCache(id: number) {
  const client: QueryClient = useQueryClient()
  return useMemo(
    () => ({
      put: (change: (data: RecordMirror) => RecordMirror) => {
        client.setQueryData<RecordMirror>(recordKey(id), (data) => data && change(data))
      },
      reload: () => client.invalidateQueries({ queryKey: recordKey(id), exact: true }),
      listsChanged: () => void client.invalidateQueries({ queryKey: recordsKey }),
    }),
    [client, id],
  )
}
