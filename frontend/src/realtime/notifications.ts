/** What events of a person's own topic mean for the inbox. */
import type { Notification, Notifications } from '../api/shapes'
import type { EventFrame, EventIn, ReadMark } from './frames'

export function applyToInbox(inbox: Notifications, event: EventIn<'user.'>): Notifications {
  if (event.type !== 'notification.read') return inbox
  return markInbox(inbox, event.data, event.at)
}

/** The inbox after a read mark, whoever set it and on whichever device. */
export function markInbox(inbox: Notifications, mark: Partial<ReadMark>, at: string): Notifications {
  let marked = 0
  const notifications = inbox.notifications.map((notification) => {
    if (notification.read_at || !covers(mark, notification)) return notification
    marked += 1
    return { ...notification, read_at: at }
  })
  return { ...inbox, notifications, unread: mark.unread ?? Math.max(0, inbox.unread - marked) }
}

function covers(mark: Partial<ReadMark>, notification: Notification): boolean {
  if (mark.ids?.includes(notification.id)) return true
  return mark.up_to != null && notification.seq <= mark.up_to
}

/** Nobody is notified of what they did themselves; of anything else the service decides, so the inbox is asked. */
export function mayNotify(event: EventFrame, person: number): boolean {
  return event.type !== 'notification.read' && event.actor?.id !== person
}
