/** The clinic itself. */
import { api, dataOf } from './http'
import type { Clinic, ClinicChange } from './shapes'

export async function loadClinic(): Promise<Clinic> {
  return (await dataOf(api.GET('/api/clinic/'))).clinic
}

export async function changeClinic(change: ClinicChange): Promise<Clinic> {
  return (await dataOf(api.PATCH('/api/clinic/', { body: change }))).clinic
}
