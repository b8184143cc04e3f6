/** Keeps the inbox complete while the page is open, and tells in one line what came while it could not. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Notifications } from '../api/shapes'
import { useMe } from '../app/useMe'
import { useHealth } from '../realtime/health'
import { mayNotify } from '../realtime/notifications'
import { ownZone, timeOf } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { showToast } from '../ui/announcements'
import { inboxKey, useInbox } from './useInbox'

/** Several events of one change arrive together: one look at the inbox serves them all. */
const LOOK_AFTER_MS = 120
/** What was missed is replayed and looked up by then. */
const CAUGHT_UP_AFTER_MS = 2_500

export function useNews(): Notifications | undefined {
  const me = useMe()
  const client = useQueryClient()
  const look = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const inbox = useInbox((event) => {
    if (!mayNotify(event, me.id)) return
    look.current ??= setTimeout(() => {
      look.current = undefined
      void client.invalidateQueries({ queryKey: inboxKey, exact: true })
    }, LOOK_AFTER_MS)
  })
  useAbsence()
  return inbox.data
}

function useAbsence(): void {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { hours } = useTimePreferences()
  const { staleSince } = useHealth()
  const away = useRef<number | null>(null)

  useEffect(() => {
    if (staleSince !== null) {
      away.current = staleSince
      return
    }
    const since = away.current
    if (since === null) return
    away.current = null
    const timer = setTimeout(() => {
      const count = (client.getQueryData<Notifications>(inboxKey)?.notifications ?? []).filter(
        ({ read_at, created_at }) => !read_at && Date.parse(created_at) > since,
      ).length
      if (count > 0) {
        showToast(t('inbox.since', { count, time: timeOf(since, { zone: ownZone(), hours }) }), 'plain')
      }
    }, CAUGHT_UP_AFTER_MS)
    return () => clearTimeout(timer)
  }, [staleSince, client, hours, t])
}
