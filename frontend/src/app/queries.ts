/** The cache of everything that was loaded, and how long to keep trying. */
import { QueryClient } from '@tanstack/react-query'
import { Problem } from '../api/problem'
import { connection } from '../realtime/connection'

const TRIES = 6
const LONGEST_WAIT_MS = 8_000

/** How long to wait where the service says when to come back, and it is worth waiting for. */
function soon(error: unknown): number | undefined {
  if (!(error instanceof Problem) || error.status !== 429 || !error.retryAfterSeconds) return undefined
  const waitMs = error.retryAfterSeconds * 1_000
  return waitMs <= LONGEST_WAIT_MS ? waitMs : undefined
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The socket says when something changed; looking at a window is no reason to load.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      gcTime: 10 * 60_000,
      retry: (count, error) =>
        error instanceof Problem && (error.isTransient || soon(error) !== undefined) && count < TRIES,
      retryDelay: (count, error) =>
        soon(error) ?? Math.random() * Math.min(LONGEST_WAIT_MS, 500 * 2 ** count) + 200,
    },
    // Without a network it fails at once and says so; what was typed waits, and the key makes a second try safe.
    mutations: { retry: false, networkMode: 'always' },
  },
})

/** Whatever failed while the service was away is loaded as soon as it is back. */
connection.onStatus(() => {
  if (connection.status.phase !== 'live') return
  void queries.refetchQueries({
    type: 'active',
    predicate: (query) => query.state.fetchStatus === 'idle' && query.state.error !== null,
  })
})
