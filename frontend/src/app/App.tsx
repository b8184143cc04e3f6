/** The signed-in app, the way in, or the wait for either. */
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { SessionDialog } from '../auth/SessionDialog'
import { useSessionPhase } from '../auth/useSession'
import { styleNonce } from '../theme/nonce'
import { cssVariables, theme } from '../theme/theme'
import { Announcer } from '../ui/Announcer'
import { queries } from './queries'
import { router } from './router'
import { Waiting } from './Waiting'

export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => styleNonce}
    >
      <QueryClientProvider client={queries}>
        <Stage />
        <Announcer />
      </QueryClientProvider>
    </MantineProvider>
  )
}

function Stage() {
  const phase = useSessionPhase()
  const [started, setStarted] = useState(false)
  const before = useRef(phase)

  useEffect(() => {
    if (phase === 'signedIn' || phase === 'signedOut') setStarted(true)
    if (before.current === phase) return
    const left = before.current !== 'ended' || phase !== 'signedIn' ? router.invalidate() : undefined
    // Nothing of one person may be left for the next; after a mere end of session all of it stays.
    // Only when their pages have gone: one that is drawn once more would ask again for what it shows.
    const somebodyWasHere = before.current === 'signedIn' || before.current === 'ended'
    if (phase === 'signedOut' && somebodyWasHere) void left?.finally(() => queries.clear())
    before.current = phase
  }, [phase])

  if (!started) return <Waiting unreachable={phase === 'unreachable'} />
  return (
    <>
      <RouterProvider router={router} />
      <SessionDialog open={phase === 'ended'} />
    </>
  )
}
