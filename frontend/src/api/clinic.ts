/** The clinic itself. */
import { call } from './http'
import type { Clinic } from './shapes'

export async function loadClinic(): Promise<Clinic> {
  return (await call<{ clinic: Clinic }>('GET', '/api/clinic/')).clinic
}
