/** People, and the doctors among them that wait for approval. */
import { api, dataOf, once } from './http'
import { allPages } from './pages'
import type { User } from './shapes'

export async function loadMe(): Promise<User> {
  return (await dataOf(api.GET('/api/users/me/'))).user
}

export async function loadDoctorAccounts(): Promise<User[]> {
  const answer = await allPages('doctors', (query) =>
    dataOf(api.GET('/api/users/doctors/', { params: { query } })),
  )
  return answer.doctors
}

export type Decision = 'approve' | 'reject'

export async function decideOnDoctor(id: number, decision: Decision, key: string): Promise<User> {
  const path = decision === 'approve' ? '/api/users/{person_id}/approve/' : '/api/users/{person_id}/reject/'
  const answer = await dataOf(api.POST(path, { params: { path: { person_id: id } }, headers: once(key) }))
  return answer.user
}
