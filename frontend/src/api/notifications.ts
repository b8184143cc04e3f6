/** The inbox. */
import { api, dataOf, once } from './http'
import type { Notifications } from './shapes'

const SHOWN = 50

export function loadNotifications(signal?: AbortSignal): Promise<Notifications> {
  return dataOf(api.GET('/api/notifications/', { params: { query: { limit: SHOWN } }, signal }))
}

export type ReadMark = { up_to: number } | { ids: number[] }

export async function markRead(mark: ReadMark): Promise<number> {
  return (await dataOf(api.POST('/api/notifications/read/', { body: mark, headers: once() }))).unread
}
