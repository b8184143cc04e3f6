/** People, and the doctors among them that wait for approval. */
import { call } from './http'
import { allPages } from './pages'
import type { User } from './shapes'

export async function loadMe(): Promise<User> {
  return (await call<{ user: User }>('GET', '/api/users/me/')).user
}

export async function loadDoctorAccounts(): Promise<User[]> {
  return (await allPages<'doctors', User, { doctors: User[] }>('/api/users/doctors/', 'doctors')).doctors
}

export async function decideOnDoctor(id: number, decision: 'approve' | 'reject', key: string): Promise<User> {
  return (await call<{ user: User }>('POST', `/api/users/${id}/${decision}/`, { idempotencyKey: key })).user
}
