/** The clinic itself. */
import { api, dataOf } from './http'
import type { Clinic } from './shapes'

export async function loadClinic(): Promise<Clinic> {
  return (await dataOf(api.GET('/api/clinic/'))).clinic
}
