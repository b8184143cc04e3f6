/** Whether this session's browser is told of news while no tab is open. */
import { api, dataOf, once } from './http'

export interface PushOfSession {
  public_key: string
  subscribed: boolean
}

export function loadPush(): Promise<PushOfSession> {
  return dataOf(api.GET('/api/push/'))
}

export async function beginPush(endpoint: string): Promise<void> {
  await api.POST('/api/push/', { body: { endpoint }, headers: once() })
}

export async function endPush(): Promise<void> {
  await api.DELETE('/api/push/')
}
