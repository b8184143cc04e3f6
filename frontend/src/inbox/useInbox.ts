/** The inbox, the same in every tab and device. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { loadNotifications, markRead, type ReadMark } from '../api/notifications'
import type { Notifications } from '../api/shapes'
import { useMe } from '../app/useMe'
import { applyToInbox, markInbox, mayNotify } from '../realtime/notifications'
import { useLive } from '../realtime/useLive'
import { showToast } from '../ui/announcements'
import { problemWords } from '../ui/problemWords'

export const inboxKey = ['inbox']

/** Several events of one change arrive together: one look at the inbox serves them all. */
const LOOK_AFTER_MS = 120

export function useInbox() {
  const me = useMe()
  const client = useQueryClient()
  const look = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  return useLive<Notifications>({
    queryKey: inboxKey,
    load: (signal) => loadNotifications(signal),
    apply: applyToInbox,
    after(event) {
      if (!mayNotify(event, me.id)) return
      look.current ??= setTimeout(() => {
        look.current = undefined
        void client.invalidateQueries({ queryKey: inboxKey, exact: true })
      }, LOOK_AFTER_MS)
    },
  })
}

export function useMarkRead() {
  const client = useQueryClient()
  const { t } = useTranslation()
  return useMutation({
    mutationFn: (mark: ReadMark) => markRead(mark),
    onMutate: (mark) => {
      const before = client.getQueryData<Notifications>(inboxKey)
      if (before) client.setQueryData(inboxKey, markInbox(before, mark, new Date().toISOString()))
    },
    onError: (error) => {
      void client.invalidateQueries({ queryKey: inboxKey, exact: true })
      showToast(problemWords(error, t), 'bad')
    },
    onSuccess: (unread) => {
      client.setQueryData<Notifications>(inboxKey, (inbox) => inbox && { ...inbox, unread })
    },
  })
}
