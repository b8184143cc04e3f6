/** Calls to the service in the signed-in person's name. */
import { session } from '../auth/session'
import { Problem, problemOf } from './problem'

export interface Call {
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  /** One value per attempt of a person: a repeat of the same attempt has one effect. */
  idempotencyKey?: string
  /** The version the person was looking at; an older one is refused with 412. */
  version?: number
  signal?: AbortSignal
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export async function call<Answer>(method: Method, path: string, options: Call = {}): Promise<Answer> {
  let token = await session.token()
  let response = await send(method, path, options, token)
  if (response.status === 401) {
    // The token was fine by our clock, so the server ended it early or the clocks differ: ask once more.
    token = await session.token({ not: token })
    response = await send(method, path, options, token)
  }
  if (!response.ok) throw await problemOf(response)
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

async function send(method: Method, path: string, options: Call, token: string): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: 'application/json' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  if (options.version !== undefined) headers['If-Match'] = `"${options.version}"`
  try {
    return await fetch(path + queryString(options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw Problem.unreachable()
  }
}

function queryString(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return text && `?${text}`
}
