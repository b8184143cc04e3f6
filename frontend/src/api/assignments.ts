/** Which doctors look after which patients. */
import { api, dataOf, once } from './http'
import { allPages } from './pages'
import type { Assignment, PatientCard } from './shapes'

export async function loadAssignments(patient: number, signal?: AbortSignal): Promise<Assignment[]> {
  const answer = await allPages('assignments', (query) =>
    dataOf(
      api.GET('/api/patients/{person_id}/assignments/', {
        params: { path: { person_id: patient }, query },
        signal,
      }),
    ),
  )
  return answer.assignments
}

export async function assignDoctor(patient: number, doctor: number, key: string): Promise<Assignment> {
  const { assignment } = await dataOf(
    api.POST('/api/patients/{person_id}/assign/', {
      params: { path: { person_id: patient } },
      body: { doctor_id: doctor },
      headers: once(key),
    }),
  )
  return assignment
}

export async function endAssignment(id: number, key: string): Promise<Assignment> {
  const { assignment } = await dataOf(
    api.POST('/api/assignments/{assignment_id}/end/', {
      params: { path: { assignment_id: id } },
      headers: once(key),
    }),
  )
  return assignment
}

export function loadOwnPatients(
  query: { q?: string; id?: number; offset?: number; limit?: number },
  signal?: AbortSignal,
): Promise<{ patients: PatientCard[]; count: number }> {
  return dataOf(api.GET('/api/doctors/my_patients/', { params: { query }, signal }))
}
