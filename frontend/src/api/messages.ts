/** What was sent to people, and what was not: for staff. */
import { api, dataOf, once } from './http'
import type { MessageLine, MessageList, MessageQuery } from './shapes'

export function loadMessages(query: MessageQuery, signal?: AbortSignal): Promise<MessageList> {
  return dataOf(api.GET('/api/messages/', { params: { query }, signal }))
}

export async function retryMessage(id: number, key: string): Promise<MessageLine> {
  const path = '/api/messages/{message_id}/retry/'
  const answer = await dataOf(api.POST(path, { params: { path: { message_id: id } }, headers: once(key) }))
  return answer.message
}
