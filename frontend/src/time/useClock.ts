/** The clock to read a doctor's or the clinic's times by, as this person chose. */
import { useMemo } from 'react'
import { type Clock, ownZone } from './clock'
import { useTimePreferences } from './preferences'

export function useClock(clinicZone: string): Clock {
  const { zone, hours } = useTimePreferences()
  return useMemo(() => ({ zone: zone === 'own' ? ownZone() : clinicZone, hours }), [zone, hours, clinicZone])
}
