/** A page of the records within one's reach; asked for again the moment one of them changes. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { loadRecords, type RecordPageData, type RecordQuery } from '../api/records'
import { concernsRecords } from '../realtime/records'
import { useLive } from '../realtime/useLive'

export const recordsKey = ['records']
export const RECORDS_A_PAGE = 25

/** One change is often several events: one look serves them all. */
const LOOK_AFTER_MS = 120

const unchanged = (data: RecordPageData) => data

export function useRecords(query: RecordQuery) {
  const client = useQueryClient()
  const look = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const live = useLive<RecordPageData>({
    queryKey: [...recordsKey, query],
    load: (signal) => loadRecords({ ...query, limit: RECORDS_A_PAGE }, signal),
    // The events name records and never say what is in them.
    apply: unchanged,
    after(event) {
      if (!concernsRecords(event)) return
      look.current ??= setTimeout(() => {
        look.current = undefined
        void client.invalidateQueries({ queryKey: recordsKey })
      }, LOOK_AFTER_MS)
    },
  })
  useEffect(() => () => clearTimeout(look.current), [])

  // While another page or search is on its way, the one before stays; of another patient nothing may.
  const shown = useRef<{ patient: number | undefined; data: RecordPageData } | undefined>(undefined)
  if (live.data) shown.current = { patient: query.patient, data: live.data }
  const before = shown.current?.patient === query.patient ? shown.current?.data : undefined
  return {
    data: live.data ?? (live.error ? undefined : before),
    error: live.error,
    refetch: live.refetch,
    isFetching: live.isFetching,
  }
}
