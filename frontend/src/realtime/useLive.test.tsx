/** What is on the screen after the right to it has ended. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRoot, type Root } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RealtimeClient, type Watcher } from './client'
import { ConnectionContext } from './connection'
import { type Mirror, useLive } from './useLive'

interface Said extends Mirror {
  words: string
}

const stream = { topic: 'record.9', seq: 1, epoch: 'e' }
const load = vi.fn<() => Promise<Said>>()
let watchers: Watcher[]
let page: HTMLElement
let root: Root

function Words() {
  const { data, error } = useLive<Said>({ queryKey: ['record', 9], load, apply: (said) => said })
  return data?.words ?? error?.message ?? 'waiting'
}

beforeEach(async () => {
  watchers = []
  const connection = new RealtimeClient({ url: '', token: async () => '', isSessionOver: () => false })
  vi.spyOn(connection, 'watch').mockImplementation((_topic, _from, watcher) => {
    watchers.push(watcher)
    return { seek: vi.fn(), close: vi.fn() }
  })
  load.mockReset().mockResolvedValueOnce({ stream, words: 'It hurts.' })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  page = document.createElement('p')
  root = createRoot(page)
  root.render(
    <ConnectionContext value={connection}>
      <QueryClientProvider client={client}>
        <Words />
      </QueryClientProvider>
    </ConnectionContext>,
  )
  await shows('It hurts.')
})

afterEach(() => root.unmount())

async function shows(words: string) {
  await vi.waitFor(() => expect(page.textContent).toBe(words))
}

test('what may no longer be watched leaves the screen, and the service is asked why', async () => {
  let refuse: (why: Error) => void = vi.fn()
  load.mockReturnValueOnce(
    new Promise((_, reject) => {
      refuse = reject
    }),
  )
  await vi.waitFor(() => expect(watchers).toHaveLength(1))
  watchers[0]?.revoked?.('right_ended')
  await shows('waiting')
  refuse(new Error('no such record'))
  await shows('no such record')
})

test('a topic that is refused while its data is not is asked for once, not for ever', async () => {
  load.mockResolvedValue({ stream, words: 'It still hurts.' })
  await vi.waitFor(() => expect(watchers).toHaveLength(1))
  watchers[0]?.revoked?.('no_such_topic')
  await shows('It still hurts.')
  expect(watchers).toHaveLength(1)
  expect(load).toHaveBeenCalledTimes(2)
})
