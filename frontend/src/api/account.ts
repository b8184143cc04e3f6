/** One's own account: password, e-mail address, and where one is signed in. */
import { api, dataOf } from './http'
import { Problem, problemOf } from './problem'
import type { SignedIn, User } from './shapes'

export async function askForLink(email: string): Promise<void> {
  await post('/api/auth/password/reset/', { email })
}

export async function setPassword(token: string, password: string): Promise<void> {
  await post('/api/auth/password/reset/confirm/', { token, password })
}

export async function verifyEmail(token: string): Promise<void> {
  await post('/api/auth/email/verify/', { token })
}

export async function resendVerification(): Promise<void> {
  await api.POST('/api/auth/email/resend/')
}

export async function changePassword(old_password: string, new_password: string): Promise<void> {
  await api.POST('/api/auth/password/', { body: { old_password, new_password } })
}

export async function changeEmail(email: string, current_password: string): Promise<User> {
  return (await dataOf(api.PATCH('/api/users/me/', { body: { email, current_password } }))).user
}

export async function loadSessions(): Promise<SignedIn[]> {
  const query = { limit: 100 }
  return (await dataOf(api.GET('/api/auth/sessions/', { params: { query } }))).sessions
}

export async function endSession(id: number): Promise<void> {
  await api.DELETE('/api/auth/sessions/{session_id}/', { params: { path: { session_id: id } } })
}

/** In nobody's name: who holds a mailed link need not be signed in. */
async function post(path: string, body: object): Promise<void> {
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch {
    throw Problem.unreachable()
  }
  if (!response.ok) throw await problemOf(response)
}
