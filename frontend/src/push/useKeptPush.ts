/** Once in a visit: whoever turned pushes on here is still told when their session is a new one. */
import { useEffect } from 'react'
import { useMe } from '../app/useMe'
import { keepPush } from './browser'

export function useKeptPush(): void {
  const { id } = useMe()
  useEffect(() => {
    // Nothing that anybody waits for: the account page says how it stands.
    void keepPush(id).catch(() => undefined)
  }, [id])
}
