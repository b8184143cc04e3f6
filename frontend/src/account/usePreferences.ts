/** How this person wants to be told, the same on every device of theirs. */
import { useQuery } from '@tanstack/react-query'
import { loadPreferences } from '../api/preferences'

export const preferencesKey = ['preferences']

export function usePreferences() {
  return useQuery({
    queryKey: preferencesKey,
    queryFn: loadPreferences,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
