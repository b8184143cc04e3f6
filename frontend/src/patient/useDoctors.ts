/** The doctors one can book, each with the next free time, kept true by their slot topics. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { loadDoctors } from '../api/doctors'
import type { DoctorCard } from '../api/shapes'
import { useConnection } from '../realtime/connection'
import { nextFreeAfter, withFreed } from '../realtime/nextFree'

export const doctorsKey = ['doctors']

/** Topics of one socket are limited; further cards are true as of loading. */
const WATCHED = 60
/** Many times may go at once, and a joined topic asks for one look: one load serves all. */
const LOAD_AFTER_MS = 300

export function useDoctors() {
  const query = useQuery({ queryKey: doctorsKey, queryFn: ({ signal }) => loadDoctors(signal) })
  useNextFree(query.data)
  return query
}

function useNextFree(doctors: DoctorCard[] | undefined): void {
  const client = useQueryClient()
  const connection = useConnection()
  const soon = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const ids = useMemo(
    () =>
      (doctors ?? [])
        .slice(0, WATCHED)
        .map(({ id }) => id)
        .sort((a, b) => a - b)
        .join(),
    [doctors],
  )

  useEffect(() => {
    if (!ids) return
    const load = () => {
      if (soon.current !== undefined) return
      soon.current = setTimeout(() => {
        soon.current = undefined
        void client.invalidateQueries({ queryKey: doctorsKey, exact: true })
      }, LOAD_AFTER_MS)
    }
    const watches = ids.split(',').map((id) =>
      connection.watch(`slots.${id}`, null, {
        event: (event) => {
          if (nextFreeAfter(client.getQueryData<DoctorCard[]>(doctorsKey), Number(id), event) === 'ask')
            load()
          else
            client.setQueryData<DoctorCard[]>(
              doctorsKey,
              (held) => held && withFreed(held, Number(id), event),
            )
        },
        reset: load,
      }),
    )
    return () => {
      for (const watch of watches) watch.close()
      clearTimeout(soon.current)
      soon.current = undefined
    }
  }, [client, connection, ids])
}
