/** The inbox. */
import { call } from './http'
import type { Notifications } from './shapes'

const SHOWN = 50

export function loadNotifications(
  offset = 0,
  signal?: AbortSignal,
): Promise<Notifications & { count?: number }> {
  return call('GET', '/api/notifications/', { query: { limit: SHOWN, offset: offset || undefined }, signal })
}

export type ReadMark = { up_to: number } | { ids: number[] }

export async function markRead(mark: ReadMark, key: string): Promise<number> {
  const answer = await call<{ unread: number }>('POST', '/api/notifications/read/', {
    body: mark,
    idempotencyKey: key,
  })
  return answer.unread
}
