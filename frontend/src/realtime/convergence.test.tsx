/**
 * The one promise of the live screens: whatever happens on the way, what is shown ends as a fresh load would.
 *
 * A small server keeps numbered entries and states; snapshots arrive late, connections break, the journal is cut.
 */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act } from 'react'
import { createRoot } from 'react-dom/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Stream } from '../api/shapes'
import { RealtimeClient } from './client'
import { ConnectionContext } from './connection'
import type { EventFrame } from './frames'
import { useLive } from './useLive'

interface Numbers {
  values: Record<string, number>
  stream: Stream
}

const TOPIC = 'desk'

/** Deterministic, so that a failing run can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

class Server {
  values: Record<string, number> = {}
  entries: EventFrame[] = []
  seq = 0
  epoch = 'e1'
  oldest = 1
  up = true
  sockets = new Set<ServerSocket>()

  set(name: string, value: number) {
    this.values = { ...this.values, [name]: value }
    this.seq += 1
    // No event of ours: what matters here is that all of them arrive, once and in order.
    const made: unknown = {
      op: 'event',
      topic: TOPIC,
      seq: this.seq,
      id: String(this.seq),
      type: 'number.set',
      at: '',
      actor: null,
      data: { name, value },
    }
    const event = made as EventFrame
    this.entries.push(event)
    for (const socket of this.sockets) socket.tell(event)
  }

  forget() {
    this.oldest = this.seq + 1
  }

  /** The number is read before the data, and the answer takes its time. */
  async snapshot(delayMs: number): Promise<Numbers> {
    if (!this.up) throw new Error('down')
    const stream = { topic: TOPIC, seq: this.seq, epoch: this.epoch }
    await new Promise((done) => setTimeout(done, delayMs / 2))
    const values = this.values
    await new Promise((done) => setTimeout(done, delayMs / 2))
    return { values, stream }
  }

  breakAll() {
    for (const socket of [...this.sockets]) socket.lose()
  }
}

class ServerSocket {
  readyState: number = WebSocket.CONNECTING
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: ((close: { code: number }) => void) | null = null
  watching = false
  readonly server: Server

  constructor(server: Server) {
    this.server = server
    setTimeout(() => {
      if (!server.up) {
        this.lose()
        return
      }
      this.readyState = WebSocket.OPEN
      server.sockets.add(this)
      this.onopen?.()
    }, 5)
  }

  send(text: string) {
    const frame = JSON.parse(text)
    setTimeout(() => this.answer(frame), 3)
  }

  answer(frame: { id: number; op: string; since?: number; epoch?: string }) {
    if (this.readyState !== WebSocket.OPEN) return
    const { server } = this
    if (frame.op === 'auth') this.push({ re: frame.id, ok: true, epoch: server.epoch })
    if (frame.op === 'unwatch') this.watching = false
    if (frame.op !== 'watch') return
    const { since, epoch } = frame
    const known =
      since !== undefined && epoch === server.epoch && since >= server.oldest - 1 && since <= server.seq
    this.watching = known || since === undefined
    const mode = known ? 'resumed' : since === undefined ? 'fresh' : 'reset'
    this.push({ re: frame.id, ok: true, topic: TOPIC, head: server.seq, epoch: server.epoch, mode })
    if (!known) return
    for (const entry of server.entries) if (entry.seq > since) this.push(entry)
    this.push({ op: 'live', topic: TOPIC, seq: server.seq })
  }

  tell(event: EventFrame) {
    if (this.watching) this.push(event)
  }

  push(frame: unknown) {
    if (this.readyState === WebSocket.OPEN) this.onmessage?.({ data: JSON.stringify(frame) })
  }

  close() {
    this.readyState = WebSocket.CLOSED
    this.server.sockets.delete(this)
  }

  lose() {
    this.close()
    this.onclose?.({ code: 1006 })
  }
}

let client: RealtimeClient
let queries: QueryClient
let server: Server
let unmount: () => void
let random: () => number

function Screen({ name }: { name: string }) {
  const { data } = useLive<Numbers>({
    queryKey: ['numbers', name],
    load: () => server.snapshot(random() * 400),
    apply: (before, event) => {
      const { name: key, value } = event.data as unknown as { name: string; value: number }
      return { ...before, values: { ...before.values, [key]: value } }
    },
  })
  return <output data-name={name}>{data ? JSON.stringify(sorted(data.values)) : ''}</output>
}

function sorted(values: Record<string, number>) {
  return Object.entries(values).sort(([a], [b]) => a.localeCompare(b))
}

async function pass(ms: number) {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(ms)
  })
}

async function open(seed: number) {
  random = randomFrom(seed)
  server = new Server()
  queries = new QueryClient({ defaultOptions: { queries: { retry: true, retryDelay: 300 } } })
  client = new RealtimeClient({
    url: 'ws://clinic/ws/',
    token: async () => 'token',
    isSessionOver: () => false,
    open: () => new ServerSocket(server) as unknown as WebSocket,
    random,
  })
  client.start()
  const place = document.createElement('div')
  document.body.append(place)
  const root = createRoot(place)
  await act(async () => {
    root.render(
      <ConnectionContext value={client}>
        <QueryClientProvider client={queries}>
          <Screen name="first" />
          <Screen name="second" />
        </QueryClientProvider>
      </ConnectionContext>,
    )
  })
  unmount = () => act(() => root.unmount())
}

function shown(): string[] {
  return [...document.querySelectorAll('output')].map((each) => each.textContent ?? '')
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
})

afterEach(() => {
  unmount()
  client.stop()
  queries.clear()
  document.body.replaceChildren()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])('every screen ends as a fresh load would, run %i', async (seed) => {
  await open(seed)
  for (let step = 0; step < 300; step += 1) {
    const chance = random()
    if (chance < 0.6) server.set(`n${Math.floor(random() * 8)}`, step)
    else if (chance < 0.7) void queries.invalidateQueries({ queryKey: ['numbers', 'first'] })
    else if (chance < 0.74) server.breakAll()
    else if (chance < 0.76) server.forget()
    else if (chance < 0.78) {
      server.up = false
      server.breakAll()
    } else if (chance < 0.84) server.up = true
    else if (chance < 0.85) {
      server.epoch = `e${step}`
      server.breakAll()
    }
    await pass(random() * 120)
  }
  server.up = true
  await pass(60_000)
  const fresh = JSON.stringify(sorted(server.values))
  expect(shown()).toEqual([fresh, fresh])
})

test('a snapshot that was overtaken by an event does not undo it', async () => {
  await open(1)
  await pass(1_000)
  void queries.invalidateQueries({ queryKey: ['numbers', 'first'] })
  await pass(1)
  server.set('late', 1)
  await pass(2_000)
  expect(shown()[0]).toContain('late')
})
