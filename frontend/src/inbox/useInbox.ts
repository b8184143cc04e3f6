/** The inbox, the same in every tab and device. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { loadNotifications, markRead, type ReadMark } from '../api/notifications'
import type { Notifications } from '../api/shapes'
import type { EventIn } from '../realtime/frames'
import { applyToInbox, markInbox } from '../realtime/notifications'
import { useLive } from '../realtime/useLive'
import { showToast } from '../ui/announcements'
import { problemWords } from '../ui/problemWords'

export const inboxKey = ['inbox']

export function useInbox(after?: (event: EventIn<'user.'>) => void) {
  return useLive<Notifications, EventIn<'user.'>>({
    queryKey: inboxKey,
    load: loadNotifications,
    apply: applyToInbox,
    after,
  })
}

export function useMarkRead() {
  const client = useQueryClient()
  const { t } = useTranslation()
  return useMutation({
    mutationFn: markRead,
    onMutate: (mark: ReadMark) => {
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
