/** The one connection of this page, bound to its session. */
import { createContext, useContext } from 'react'
import { SessionEnded, session } from '../auth/session'
import { RealtimeClient } from './client'

/** The server warns a minute ahead; a token with less than this left would be warned of again at once. */
const FRESH_LIFE_MS = 120_000
const ACCOUNT_CLOSED = 4403
/** No token at hand has this much life left. */
const ANEW = { lifeMs: Number.POSITIVE_INFINITY }

export const connection = new RealtimeClient({
  url: `${window.location.origin.replace(/^http/, 'ws')}/ws/`,
  token: ({ fresh, not }) => session.token({ ...(fresh ? { lifeMs: FRESH_LIFE_MS } : {}), not }),
  isSessionOver: (error) => error instanceof SessionEnded,
})

/** The screens take it from here, so that a test can give them another. */
export const ConnectionContext = createContext(connection)

export function useConnection(): RealtimeClient {
  return useContext(ConnectionContext)
}

/** Follows the session from now on: open while someone is signed in. */
export function followSession(): void {
  const follow = () => {
    if (session.phase === 'signedIn') {
      connection.start()
      connection.retryNow()
    } else if (session.phase === 'signedOut') {
      connection.stop()
    }
  }
  session.subscribe(follow)
  connection.onStatus(() => {
    // A closed account: asking for a token is how the session learns that it has ended.
    const { phase, code } = connection.status
    if (phase === 'stopped' && code === ACCOUNT_CLOSED) void session.token(ANEW).catch(() => undefined)
  })
  follow()
}
