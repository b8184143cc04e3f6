/** The clinic's own data, and changing it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { changeClinic, loadClinic } from '../api/clinic'
import type { Clinic, ClinicChange } from '../api/shapes'

export const clinicKey = ['clinic']

export function useClinic() {
  return useQuery({ queryKey: clinicKey, queryFn: loadClinic, staleTime: Number.POSITIVE_INFINITY })
}

export function useClinicChange(onSaved?: (clinic: Clinic) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: ClinicChange) => changeClinic(change),
    onSuccess: (clinic) => {
      client.setQueryData(clinicKey, clinic)
      onSaved?.(clinic)
    },
  })
}
