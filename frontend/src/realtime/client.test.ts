import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RealtimeClient, type Watcher } from './client'
import { example } from './examples'
import type { EventFrame } from './frames'

type Sent = Record<string, unknown> & { id: number; op: string }

class FakeSocket {
  static all: FakeSocket[] = []
  readyState: number = WebSocket.CONNECTING
  sent: Sent[] = []
  closedWith: number | undefined
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: ((close: { code: number }) => void) | null = null

  constructor() {
    FakeSocket.all.push(this)
  }

  send(text: string) {
    this.sent.push(JSON.parse(text))
  }

  close(code: number) {
    this.closedWith = code
    this.readyState = WebSocket.CLOSED
  }

  // What the server does:
  open() {
    this.readyState = WebSocket.OPEN
    this.onopen?.()
    this.push(example('welcome'))
  }

  push(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  lose(code: number) {
    this.readyState = WebSocket.CLOSED
    this.onclose?.({ code })
  }

  last(op: string): Sent {
    const found = this.sent.findLast((frame) => frame.op === op)
    if (!found) throw new Error(`no ${op} was sent`)
    return found
  }

  count(op: string): number {
    return this.sent.filter((frame) => frame.op === op).length
  }

  accept() {
    this.push(example('authenticated', { re: this.last('auth').id, epoch: 'e1' }))
  }

  join(mode: string, head: number, more: object = {}) {
    this.push(example('watching', { re: this.last('watch').id, mode, head, epoch: 'e1', ...more }))
  }
}

class SessionOver extends Error {}

const token = vi.fn(async () => 'token')

function event(seq: number, topic = 'calendar.5') {
  return example('calendar.appointment.booked', { seq, topic })
}

function watcher() {
  const seen: number[] = []
  const reset = vi.fn()
  const live = vi.fn()
  const revoked = vi.fn()
  return {
    seen,
    reset,
    live,
    revoked,
    event: (frame: EventFrame) => void seen.push(frame.seq),
  } satisfies Watcher & {
    seen: number[]
  }
}

let client: RealtimeClient

function socket(): FakeSocket {
  const found = FakeSocket.all.at(-1)
  if (!found) throw new Error('no socket was opened')
  return found
}

async function connected(): Promise<FakeSocket> {
  client.start()
  await vi.advanceTimersByTimeAsync(0)
  socket().open()
  socket().accept()
  return socket()
}

async function reconnected(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(30_000)
  socket().open()
  socket().accept()
  return socket()
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  token.mockReset().mockResolvedValue('token')
  client = new RealtimeClient({
    url: 'ws://clinic/ws/',
    token,
    isSessionOver: (error) => error instanceof SessionOver,
    open: () => new FakeSocket() as unknown as WebSocket,
    random: () => 0.5,
  })
})

afterEach(() => {
  client.stop()
  vi.useRealTimers()
})

describe('connecting', () => {
  test('authenticates with the first frame', async () => {
    const server = await connected()
    expect(server.sent[0]).toEqual({ id: 1, op: 'auth', token: 'token' })
    expect(client.status).toEqual({ phase: 'live' })
  })

  test('asks for a token in every attempt', async () => {
    const server = await connected()
    server.lose(1006)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(token).toHaveBeenCalledTimes(2)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('gives up a handshake that hangs', async () => {
    client.start()
    await vi.advanceTimersByTimeAsync(10_001)
    expect(FakeSocket.all[0]?.closedWith).toBe(1000)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('waits longer after each failure, never past thirty seconds, for ever', async () => {
    client.start()
    const waits: number[] = []
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await vi.advanceTimersByTimeAsync(0)
      const opened = FakeSocket.all.length
      const from = Date.now()
      socket().lose(1006)
      while (FakeSocket.all.length === opened) await vi.advanceTimersByTimeAsync(50)
      waits.push(Date.now() - from)
    }
    expect(waits[0]).toBeLessThanOrEqual(1_000)
    expect(waits[3]).toBeGreaterThan(waits[1] as number)
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
    expect(waits.at(-1)).toBeGreaterThan(10_000)
  })

  test('tries at once when the network comes back', async () => {
    const server = await connected()
    server.lose(1006)
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('notices a connection that went silent', async () => {
    const server = await connected()
    await vi.advanceTimersByTimeAsync(61_000)
    expect(server.closedWith).toBe(1000)
    expect(FakeSocket.all.length).toBeGreaterThan(1)
  })

  test('probes the connection when the tab becomes visible', async () => {
    const server = await connected()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(server.last('ping').op).toBe('ping')
    await vi.advanceTimersByTimeAsync(5_001)
    expect(server.closedWith).toBe(1000)
  })

  test('stops without a session and goes on when asked again', async () => {
    token.mockRejectedValueOnce(new SessionOver())
    client.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(client.status).toEqual({ phase: 'stopped', code: 4401 })
    client.retryNow()
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.all).toHaveLength(1)
  })

  test('keeps trying when the token cannot be fetched for now', async () => {
    token.mockRejectedValueOnce(new Error('network'))
    client.start()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSocket.all).toHaveLength(1)
  })
})

describe('closing', () => {
  test.each([1000, 4400, 4403, 4409])('%i stops', async (code) => {
    const server = await connected()
    server.lose(code)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(client.status).toEqual({ phase: 'stopped', code })
    expect(FakeSocket.all).toHaveLength(1)
  })

  test('an error frame that says no stops', async () => {
    const server = await connected()
    server.push({ op: 'error', code: 'deactivated', reconnect: 'no' })
    server.lose(1006)
    expect(client.status.phase).toBe('stopped')
  })

  test('4401 takes a fresh token once at once, then backs off', async () => {
    const server = await connected()
    server.lose(4401)
    await vi.advanceTimersByTimeAsync(0)
    // By our clock the refused one may look good for minutes: only its name keeps it from being tried again.
    expect(token).toHaveBeenLastCalledWith({ fresh: true, not: 'token' })
    expect(FakeSocket.all).toHaveLength(2)
    socket().open()
    socket().lose(4401)
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.all).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(FakeSocket.all).toHaveLength(3)
  })

  test('4412 comes back within the window that the server names', async () => {
    const server = await connected()
    server.push({ op: 'error', code: 'going_away', reconnect: 'after', reconnect_in_ms: 4_000 })
    server.lose(4412)
    await vi.advanceTimersByTimeAsync(1_999)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('4429 comes back after the moment that the server names', async () => {
    const server = await connected()
    server.push({ op: 'error', code: 'too_many', reconnect: 'after', reconnect_in_ms: 3_000 })
    server.lose(4429)
    await vi.advanceTimersByTimeAsync(2_999)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(600)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('4503 backs off', async () => {
    const server = await connected()
    server.lose(4503)
    await vi.advanceTimersByTimeAsync(400)
    expect(FakeSocket.all).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(600)
    expect(FakeSocket.all).toHaveLength(2)
  })
})

describe('watching', () => {
  test('goes on from the number of the snapshot', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, mine)
    expect(server.last('watch')).toMatchObject({ topic: 'calendar.5', since: 41, epoch: 'e1' })
    server.join('resumed', 43)
    server.push(event(42))
    server.push(event(43))
    server.push({ op: 'live', topic: 'calendar.5', seq: 43 })
    expect(mine.seen).toEqual([42, 43])
    expect(mine.live).toHaveBeenCalled()
  })

  test('ignores what was already handed over', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, mine)
    server.join('resumed', 41)
    server.push(event(42))
    server.push(event(42))
    server.push(event(41))
    expect(mine.seen).toEqual([42])
  })

  test('asks again from its own number when a number is missing', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, mine)
    server.join('resumed', 41)
    server.push(event(43))
    expect(mine.seen).toEqual([])
    expect(server.last('watch')).toMatchObject({ since: 41 })
    server.push(event(44)) // still of the earlier watch
    server.join('resumed', 44)
    for (const seq of [42, 43, 44]) server.push(event(seq))
    expect(mine.seen).toEqual([42, 43, 44])
  })

  test('resumes after a broken connection from what it has seen', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, mine)
    server.join('resumed', 41)
    server.push(event(42))
    server.lose(1006)
    const again = await reconnected()
    expect(again.last('watch')).toMatchObject({ topic: 'calendar.5', since: 42 })
  })

  test('asks for a snapshot when the service cannot replay, and goes on from it', async () => {
    const server = await connected()
    const mine = watcher()
    const watch = client.watch('calendar.5', { seq: 3, epoch: 'e1' }, mine)
    server.join('reset', 90, { reason: 'too_old' })
    expect(mine.reset).toHaveBeenCalledWith('too_old')
    watch.seek({ seq: 90, epoch: 'e1' })
    expect(server.last('watch')).toMatchObject({ since: 90 })
    server.join('resumed', 90)
    server.push(event(91))
    expect(mine.seen).toEqual([91])
  })

  test('serves two snapshots of one topic, each from its own number', async () => {
    const server = await connected()
    const [older, newer] = [watcher(), watcher()]
    client.watch('user.5', { seq: 44, epoch: 'e1' }, newer)
    server.join('resumed', 44)
    server.push(event(45, 'user.5'))
    client.watch('user.5', { seq: 43, epoch: 'e1' }, older)
    expect(server.last('watch')).toMatchObject({ since: 43 })
    server.join('resumed', 45)
    for (const seq of [44, 45, 46]) server.push(event(seq, 'user.5'))
    expect(older.seen).toEqual([44, 45, 46])
    expect(newer.seen).toEqual([45, 46])
  })

  test('skips what a newer snapshot already holds', async () => {
    const server = await connected()
    const mine = watcher()
    const watch = client.watch('calendar.5', { seq: 41, epoch: 'e1' }, mine)
    server.join('resumed', 41)
    watch.seek({ seq: 43, epoch: 'e1' })
    for (const seq of [42, 43, 44]) server.push(event(seq))
    expect(mine.seen).toEqual([44])
    expect(server.count('watch')).toBe(1)
  })

  test('without a snapshot tells once joined that it is time to load', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('desk', null, mine)
    expect(server.last('watch')).not.toHaveProperty('since')
    server.join('fresh', 7)
    await vi.advanceTimersByTimeAsync(0)
    expect(mine.reset).toHaveBeenCalledWith('fresh')
    server.push(event(8, 'desk'))
    expect(mine.seen).toEqual([8])
    server.lose(1006)
    const again = await reconnected()
    expect(again.last('watch')).toMatchObject({ since: 8, epoch: 'e1' })
  })

  test('starts a watcher over that fails, and only that one', async () => {
    const server = await connected()
    vi.stubGlobal('reportError', vi.fn())
    const sound = watcher()
    const broken = { ...watcher(), event: () => { throw new Error('broken') } } // biome-ignore format: one thought
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, broken)
    client.watch('calendar.5', { seq: 41, epoch: 'e1' }, sound)
    server.join('resumed', 41)
    server.push(event(42))
    expect(broken.reset).toHaveBeenCalledWith('failed')
    expect(sound.seen).toEqual([42])
  })

  test('hands over nothing after a revocation', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('record.9', { seq: 1, epoch: 'e1' }, mine)
    server.join('resumed', 1)
    server.push({ op: 'revoked', topic: 'record.9', reason: 'unassigned' })
    server.push(event(2, 'record.9'))
    expect(mine.revoked).toHaveBeenCalledWith('unassigned')
    expect(mine.seen).toEqual([])
  })

  test('knows who is present until the topic is lost, left or unreachable', async () => {
    const seen: string[][] = []
    client.onPresence(() => void seen.push(client.present('calendar.5').map((viewer) => viewer.name)))
    const here = { op: 'presence', topic: 'calendar.5', watching: [{ id: 1, name: 'Ada', role: 'DOCTOR' }] }
    const first = client.watch('calendar.5', { seq: 7, epoch: 'e1' }, watcher())
    await connected()
    socket().join('resumed', 7)
    socket().push(here)
    socket().push({ ...here, topic: 'record.9' })
    expect(client.present('record.9')).toEqual([])
    socket().lose(1006)
    await reconnected()
    socket().join('resumed', 7)
    socket().push(here)
    first.close()
    client.watch('calendar.5', { seq: 7, epoch: 'e1' }, watcher())
    socket().join('resumed', 7)
    socket().push(here)
    socket().push({ op: 'revoked', topic: 'calendar.5', reason: 'right_ended' })
    socket().push(here)

    expect(seen).toEqual([['Ada'], [], ['Ada'], [], ['Ada'], []])
  })

  test('tells when a topic does not exist for this person', async () => {
    const server = await connected()
    const mine = watcher()
    client.watch('record.9', { seq: 1, epoch: 'e1' }, mine)
    server.push({
      re: server.last('watch').id,
      ok: false,
      error: { code: 'no_such_topic', retryable: false },
    })
    expect(mine.revoked).toHaveBeenCalledWith('no_such_topic')
  })

  test('asks again when the service is busy', async () => {
    const server = await connected()
    client.watch('calendar.5', { seq: 1, epoch: 'e1' }, watcher())
    const error = { code: 'busy', retryable: true, retry_after_ms: 1_000 }
    server.push({ re: server.last('watch').id, ok: false, error })
    await vi.advanceTimersByTimeAsync(1_500)
    expect(server.count('watch')).toBe(2)
  })

  test('unwatches when the last watcher leaves', async () => {
    const server = await connected()
    const [first, second] = [watcher(), watcher()].map((each) =>
      client.watch('calendar.5', { seq: 1, epoch: 'e1' }, each),
    )
    server.join('resumed', 1)
    first?.close()
    expect(server.count('unwatch')).toBe(0)
    second?.close()
    expect(server.last('unwatch')).toMatchObject({ topic: 'calendar.5' })
  })

  test('paces many watches so that the service takes them all', async () => {
    const server = await connected()
    for (let doctor = 0; doctor < 60; doctor += 1) client.watch(`slots.${doctor}`, null, watcher())
    expect(server.count('watch')).toBeLessThan(30)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(server.count('watch')).toBeLessThan(40)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(server.count('watch')).toBe(60)
  })
})

describe('keeping up', () => {
  test('acknowledges every 64 events', async () => {
    const server = await connected()
    client.watch('calendar.5', { seq: 0, epoch: 'e1' }, watcher())
    server.join('resumed', 64)
    for (let seq = 1; seq <= 64; seq += 1) server.push(event(seq))
    expect(server.last('ack')).toEqual({ op: 'ack', topics: { 'calendar.5': 64 } })
  })

  test('acknowledges a few events within a second', async () => {
    const server = await connected()
    client.watch('calendar.5', { seq: 0, epoch: 'e1' }, watcher())
    server.join('resumed', 1)
    server.push(event(1))
    expect(server.count('ack')).toBe(0)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(server.last('ack')).toEqual({ op: 'ack', topics: { 'calendar.5': 1 } })
  })

  test('watches again when two heartbeats know of more', async () => {
    const server = await connected()
    client.watch('calendar.5', { seq: 5, epoch: 'e1' }, watcher())
    server.join('resumed', 5)
    server.push({ op: 'hb', heads: { 'calendar.5': 6 } })
    expect(server.count('watch')).toBe(1)
    server.push({ op: 'hb', heads: { 'calendar.5': 6 } })
    expect(server.last('watch')).toMatchObject({ since: 5 })
    expect(server.count('watch')).toBe(2)
  })

  test('renews in band before the token ends, without an interruption', async () => {
    const server = await connected()
    token.mockResolvedValueOnce('newer')
    server.push({ op: 'auth.expiring', expires_at: '' })
    await vi.advanceTimersByTimeAsync(0)
    expect(token).toHaveBeenLastCalledWith({ fresh: true })
    expect(server.last('auth')).toMatchObject({ token: 'newer' })
    expect(FakeSocket.all).toHaveLength(1)
    expect(client.status.phase).toBe('live')
  })
})
