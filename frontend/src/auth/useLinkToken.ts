/** What stands behind the # of a mailed link: servers and their logs never see it. */
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'

export function useLinkToken(): string {
  const hash = useLocation({ select: (location) => location.hash })
  const [token, setToken] = useState(hash)
  // Another link in the same tab is a new token; on the way to another page there is none, and this one stays.
  if (hash && hash !== token) setToken(hash)
  return token
}
