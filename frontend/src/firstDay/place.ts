/** What there is of the clinic so far, and whether its admin is to be led through the rest. */
import { useQuery } from '@tanstack/react-query'
import { loadClinic } from '../api/clinic'
import { loadDoctorAccounts, loadPeople } from '../api/people'
import { queries } from '../app/queries'
import { clinicKey, useClinic } from '../settings/useClinic'
import { isReady, type Place } from './steps'

const accountsKey = ['doctor-accounts']
const deskKey = ['people', 'desk']
const LATER = 'clinic.firstDayLater'

/** Only for this tab and this sign-in: the next one leads there again while something is missing. */
export function leaveForLater(): void {
  sessionStorage.setItem(LATER, '1')
}

export async function leadsToFirstDay(): Promise<boolean> {
  if (sessionStorage.getItem(LATER)) return false
  try {
    const [clinic, doctors] = await Promise.all([
      queries.fetchQuery({ queryKey: clinicKey, queryFn: loadClinic }),
      queries.fetchQuery({ queryKey: accountsKey, queryFn: loadDoctorAccounts }),
    ])
    return !isReady({ clinic, doctors })
  } catch {
    // Who cannot be asked is led nowhere: the page behind says what is wrong.
    return false
  }
}

/** All of it, or undefined until all of it is there. */
export function usePlace() {
  const clinic = useClinic()
  const doctors = useQuery({ queryKey: accountsKey, queryFn: loadDoctorAccounts })
  const receptionists = useQuery({ queryKey: deskKey, queryFn: () => loadPeople(['RECEPTIONIST']) })
  const place: Place | undefined =
    clinic.data && doctors.data && receptionists.data
      ? { clinic: clinic.data, doctors: doctors.data, receptionists: receptionists.data }
      : undefined
  const all = [clinic, doctors, receptionists]
  return {
    place,
    error: all.find((each) => each.error)?.error ?? null,
    refetch: () => Promise.all(all.map((each) => each.refetch())),
  }
}
