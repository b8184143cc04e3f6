/** Calls to the service in the signed-in person's name, typed by its schema. */
import createClient from 'openapi-fetch'
import { session } from '../auth/session'
import { newKey } from '../ui/attempt'
import { Problem, problemOf } from './problem'
import type { paths } from './schema'

/** Every refusal is thrown as a Problem, so that an answer always has its data. */
async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone()
  let token = await session.token()
  let response = await send(request, token)
  if (response.status === 401) {
    // The token was fine by our clock, so the server ended it early or the clocks differ: ask once more.
    token = await session.token({ not: token })
    response = await send(again, token)
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

async function send(request: Request, token: string): Promise<Response> {
  request.headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    throw Problem.unreachable()
  }
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: authorizedFetch })

/** The data of a call that was answered; refusals were thrown before. */
export async function dataOf<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call
  return data as Data
}

/** One key per attempt of a person: a repeat of the same attempt has one effect. */
export function once(key: string = newKey()): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}

/** The version the person was looking at; an older one is refused with 412. */
export function ifStill(version: number): { 'If-Match': string } {
  return { 'If-Match': `"${version}"` }
}
