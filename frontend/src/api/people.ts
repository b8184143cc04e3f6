/** People, and the doctors among them that wait for approval. */
import { api, dataOf, once } from './http'
import { allPages } from './pages'
import type { Duplicate, NewAccount, NewPatient, Role, User } from './shapes'

export async function loadMe(): Promise<User> {
  return (await dataOf(api.GET('/api/users/me/'))).user
}

export async function loadDoctorAccounts(): Promise<User[]> {
  const answer = await allPages('doctors', (query) =>
    dataOf(api.GET('/api/users/doctors/', { params: { query } })),
  )
  return answer.doctors
}

export async function loadPeople(role: Role[]): Promise<User[]> {
  const answer = await allPages('users', (page) =>
    dataOf(api.GET('/api/users/', { params: { query: { role, ...page } } })),
  )
  return answer.users
}

export async function createAccount(account: NewAccount, key: string): Promise<User> {
  return (await dataOf(api.POST('/api/users/', { body: account, headers: once(key) }))).user
}

export async function setActive(id: number, active: boolean, key: string): Promise<User> {
  const path = active ? '/api/users/{person_id}/activate/' : '/api/users/{person_id}/deactivate/'
  const answer = await dataOf(api.POST(path, { params: { path: { person_id: id } }, headers: once(key) }))
  return answer.user
}

export interface PatientPage {
  patients: User[]
  count: number
}

export function loadPatients(
  query: { q?: string; offset?: number; limit?: number },
  signal?: AbortSignal,
): Promise<PatientPage> {
  return dataOf(api.GET('/api/users/patients/', { params: { query }, signal }))
}

export async function loadPatient(id: number): Promise<User | null> {
  const found = await dataOf(api.GET('/api/users/patients/', { params: { query: { id } } }))
  return found.patients[0] ?? null
}

export function addPatient(
  patient: NewPatient,
  key: string,
): Promise<{ user: User; possible_duplicates: Duplicate[] }> {
  return dataOf(api.POST('/api/users/patients/', { body: patient, headers: once(key) }))
}

export type Decision = 'approve' | 'reject'

export async function decideOnDoctor(id: number, decision: Decision, key: string): Promise<User> {
  const path = decision === 'approve' ? '/api/users/{person_id}/approve/' : '/api/users/{person_id}/reject/'
  const answer = await dataOf(api.POST(path, { params: { path: { person_id: id } }, headers: once(key) }))
  return answer.user
}
