/** The signed-in person. */
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { loadMe } from '../api/people'
import type { User } from '../api/shapes'

export const meKey = ['me']

export function useMeQuery(enabled: boolean) {
  return useQuery({ queryKey: meKey, queryFn: loadMe, staleTime: Number.POSITIVE_INFINITY, enabled })
}

/** For what is only shown once the person is known. */
export function useMe(): User {
  return useSuspenseQuery({ queryKey: meKey, queryFn: loadMe, staleTime: Number.POSITIVE_INFINITY }).data
}

export function nameOf(user: User): string {
  return `${user.first_name} ${user.last_name}`.trim() || user.username
}
