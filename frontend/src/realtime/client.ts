/**
 * One socket that keeps watched topics gapless.
 *
 * Every topic is a numbered list. Whoever watches says the number of the snapshot they hold and is handed every
 * later event exactly once and in order, across any number of broken connections; where the service cannot replay,
 * they are told to load their snapshot again.
 */
import {
  type Command,
  type EventFrame,
  type EventIn,
  type Failed,
  type Goodbye,
  type Incoming,
  isReply,
  type Reply,
  type Request,
  type Viewer,
  type Watching,
} from './frames'

export interface Position {
  seq: number
  epoch: string
}

export interface Watcher<Said extends EventFrame = EventFrame> {
  event(event: Said): void
  /**
   * What this watcher holds can no longer be continued: load it again, then `seek`. A watcher without a snapshot
   * of its own is told so once it is joined, so that what it loads then misses nothing.
   */
  reset(reason: string): void
  /** Everything up to now has been handed over. */
  live?(): void
  /** The right to watch is gone, or was never there. */
  revoked?(reason: string): void
}

export interface Watch {
  /** The watcher's snapshot is now at this number: events go on from there. */
  seek(position: Position): void
  close(): void
}

export type Phase = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped'

export interface Status {
  phase: Phase
  /** The close code that stopped it for good. */
  code?: number
}

export interface ClientOptions {
  url: string
  /**
   * An access token: `fresh` asks for one with most of its life ahead, `not` names one that the service refused although
   * its life is not over. Rejects with `SessionOver` when there is none.
   */
  token: (need: { fresh: boolean; not?: string }) => Promise<string>
  /** Whether a rejected token means that nobody is signed in, so that trying again is pointless. */
  isSessionOver: (error: unknown) => boolean
  open?: (url: string) => WebSocket
  random?: () => number
}

/** One watcher's place in a topic. */
interface Seat {
  watcher: Watcher
  /** The last number handed over; null while its snapshot is being loaded. */
  seq: number | null
  epoch: string | undefined
  /** Has no snapshot to continue: wants what happens from now on. */
  fromNow: boolean
}

interface Topic {
  name: string
  seats: Set<Seat>
  stage: 'off' | 'asked' | 'joined'
  /** The last number received on this connection. */
  seq: number
  epoch: string | undefined
  /** The command that asked last; replies to earlier ones are out of date. */
  asked: number
  caughtUp: boolean
  /** Heartbeats in a row that knew of more than we have. */
  behind: number
}

const NOBODY: readonly Viewer[] = []
const PROTOCOL = 'clinic.v1'
const BACKOFF_FIRST_MS = 500
const BACKOFF_MOST_MS = 30_000
const HANDSHAKE_MS = 10_000
const PROBE_MS = 5_000
const ACK_EVERY_EVENTS = 64
const ACK_EVERY_MS = 1_000
const RENEW_AGAIN_MS = 5_000
const COMMANDS_AT_ONCE = 20
const COMMAND_EVERY_MS = 125
const SILENT_HEARTBEATS = 2.4
const STOPPING_CODES = new Set([1000, 4400, 4403, 4409])

export class RealtimeClient {
  #status: Status = { phase: 'idle' }
  #socket: WebSocket | undefined
  #wanted = false
  #failures = 0
  #renewedForClose = false
  #token: string | undefined
  #refusedToken: string | undefined
  #lastCommand = 0
  #paced = 0
  #heartbeatMs = 25_000
  #lastError: Goodbye | undefined
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #aliveTimer: ReturnType<typeof setTimeout> | undefined
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  #unacknowledged = 0
  readonly #toAcknowledge = new Map<string, number>()
  readonly #replies = new Map<number, (reply: Reply) => void>()
  readonly #topics = new Map<string, Topic>()
  readonly #present = new Map<string, readonly Viewer[]>()
  readonly #listeners = new Set<() => void>()
  readonly #presenceListeners = new Set<() => void>()
  readonly #options: Required<ClientOptions>

  constructor(options: ClientOptions) {
    this.#options = { open: (url) => new WebSocket(url, PROTOCOL), random: Math.random, ...options }
  }

  get status(): Status {
    return this.#status
  }

  onStatus = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Who is watching a topic that this page watches, this person included; nobody while that is not known. */
  present(name: string): readonly Viewer[] {
    return this.#present.get(name) ?? NOBODY
  }

  onPresence = (listener: () => void): (() => void) => {
    this.#presenceListeners.add(listener)
    return () => this.#presenceListeners.delete(listener)
  }

  start(): void {
    if (this.#wanted) return
    this.#wanted = true
    window.addEventListener('online', this.#wake)
    document.addEventListener('visibilitychange', this.#wake)
    this.#failures = 0
    void this.#connect()
  }

  stop(): void {
    this.#wanted = false
    window.removeEventListener('online', this.#wake)
    document.removeEventListener('visibilitychange', this.#wake)
    clearTimeout(this.#retryTimer)
    this.#drop()
    this.#become({ phase: 'idle' })
  }

  /** Tries at once instead of waiting; after a stop this is the person's own wish to go on. */
  retryNow(): void {
    if (!this.#wanted || this.#socket) return
    clearTimeout(this.#retryTimer)
    this.#failures = 0
    void this.#connect()
  }

  /** Watches a topic from a snapshot's number on, or, without one, from now on. */
  watch<Name extends string>(name: Name, from: Position | null, watcher: Watcher<EventIn<Name>>): Watch {
    const seat: Seat = { watcher, seq: from?.seq ?? null, epoch: from?.epoch, fromNow: from === null }
    let topic = this.#topics.get(name)
    if (!topic) {
      topic = {
        name,
        seats: new Set(),
        stage: 'off',
        seq: 0,
        epoch: undefined,
        asked: 0,
        caughtUp: false,
        behind: 0,
      }
      this.#topics.set(name, topic)
    }
    topic.seats.add(seat)
    this.#settle(topic, seat)
    return {
      seek: (position) => {
        if (seat.seq === position.seq && seat.epoch === position.epoch) return
        seat.seq = position.seq
        seat.epoch = position.epoch
        this.#settle(topic, seat)
      },
      close: () => this.#leave(topic, seat),
    }
  }

  // --- the connection -------------------------------------------------------------------------------------------

  async #connect(): Promise<void> {
    this.#become({ phase: 'connecting' })
    let token: string
    try {
      token = await this.#options.token({ fresh: this.#renewedForClose, not: this.#refusedToken })
    } catch (error) {
      if (this.#options.isSessionOver(error)) this.#become({ phase: 'stopped', code: 4401 })
      else this.#retryIn(this.#backoffMs())
      return
    }
    if (!this.#wanted || this.#socket) return
    const socket = this.#options.open(this.#options.url)
    this.#socket = socket
    this.#lastError = undefined
    this.#expectLife(HANDSHAKE_MS)
    socket.onmessage = (message) => {
      if (this.#socket === socket) this.#receive(JSON.parse(String(message.data)) as Incoming)
    }
    socket.onclose = (close) => {
      if (this.#socket === socket) this.#closed(close.code)
    }
    // The protocol wants `auth` as the first frame; the welcome need not be awaited.
    socket.onopen = () => {
      if (this.#socket === socket) this.#authenticate(token)
    }
  }

  #authenticate(token: string): void {
    this.#token = token
    this.#command({ op: 'auth', token }, (reply) => {
      // A refusal is followed by the close that says how to go on.
      if (!reply.ok || this.#status.phase === 'live') return
      this.#failures = 0
      this.#renewedForClose = false
      this.#refusedToken = undefined
      this.#become({ phase: 'live' })
      this.#expectLife(this.#heartbeatMs * SILENT_HEARTBEATS)
      for (const topic of this.#topics.values()) this.#join(topic)
    })
  }

  #closed(code: number): void {
    const error = this.#lastError
    this.#drop()
    if (!this.#wanted) return
    if (code === 4401) this.#refusedToken = this.#token
    if (error?.reconnect === 'no' || STOPPING_CODES.has(code)) {
      this.#become({ phase: 'stopped', code })
    } else if (code === 4401 && !this.#renewedForClose) {
      this.#renewedForClose = true
      this.#retryIn(0)
    } else {
      this.#retryIn(this.#delayAfter(code, error?.reconnect_in_ms))
    }
  }

  #delayAfter(code: number, askedMs: number | undefined): number {
    const random = this.#options.random()
    // A draining server names a window for everybody: spread over it. A busy one names a moment: come after it.
    if (code === 4412 && askedMs !== undefined) return random * askedMs
    if (askedMs !== undefined) return askedMs + random * BACKOFF_FIRST_MS
    return this.#backoffMs()
  }

  /** Full jitter between half a second and a cap that doubles up to thirty. */
  #backoffMs(): number {
    const cap = Math.min(BACKOFF_MOST_MS, 2 * BACKOFF_FIRST_MS * 2 ** this.#failures)
    this.#failures += 1
    return BACKOFF_FIRST_MS + this.#options.random() * (cap - BACKOFF_FIRST_MS)
  }

  #retryIn(ms: number): void {
    this.#become({ phase: 'waiting' })
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => void this.#connect(), ms)
  }

  #wake = (): void => {
    if (document.visibilityState === 'hidden') return
    if (this.#status.phase === 'waiting') {
      clearTimeout(this.#retryTimer)
      void this.#connect()
    } else if (this.#status.phase === 'live') {
      // A socket that slept with the device often looks open and is not.
      this.#command({ op: 'ping' }, () => undefined)
      this.#expectLife(PROBE_MS)
    }
  }

  /** Without any frame until then the connection counts as dead. */
  #expectLife(ms: number): void {
    clearTimeout(this.#aliveTimer)
    this.#aliveTimer = setTimeout(() => this.#closed(1006), ms)
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    clearTimeout(this.#aliveTimer)
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#unacknowledged = 0
    this.#toAcknowledge.clear()
    this.#replies.clear()
    for (const topic of this.#topics.values()) {
      topic.stage = 'off'
      topic.caughtUp = false
      topic.behind = 0
      this.#see(topic.name, NOBODY)
    }
    socket?.close(1000)
  }

  #become(status: Status): void {
    if (status.phase === this.#status.phase && status.code === this.#status.code) return
    this.#status = status
    for (const listener of this.#listeners) listener()
  }

  #command(command: Request, onReply: (reply: Reply) => void): number {
    this.#lastCommand += 1
    const id = this.#lastCommand
    this.#replies.set(id, onReply)
    const socket = this.#socket
    const wait = this.#paceMs()
    const frame = { id, ...command } as Command
    if (wait === 0) this.#send(frame)
    else
      setTimeout(() => {
        if (this.#socket === socket) this.#send(frame)
      }, wait)
    return id
  }

  /** How long the next command must wait so that many watches at once stay within what the service takes. */
  #paceMs(): number {
    const now = Date.now()
    this.#paced = Math.max(this.#paced, now - COMMANDS_AT_ONCE * COMMAND_EVERY_MS) + COMMAND_EVERY_MS
    return Math.max(0, this.#paced - now)
  }

  #send(frame: Command): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  // --- what comes in --------------------------------------------------------------------------------------------

  #receive(frame: Incoming): void {
    if (this.#status.phase === 'live') this.#expectLife(this.#heartbeatMs * SILENT_HEARTBEATS)
    if (isReply(frame)) {
      if (frame.re === undefined) return
      const onReply = this.#replies.get(frame.re)
      this.#replies.delete(frame.re)
      onReply?.(frame)
      return
    }
    switch (frame.op) {
      case 'welcome':
        if (frame.heartbeat_s) this.#heartbeatMs = frame.heartbeat_s * 1000
        break
      case 'event':
        this.#event(frame)
        break
      case 'live':
        this.#live(frame.topic)
        break
      case 'reset':
        this.#reset(this.#topics.get(frame.topic), frame.reason)
        break
      case 'revoked':
        this.#revoked(this.#topics.get(frame.topic), frame.reason)
        break
      case 'presence':
        if (this.#topics.has(frame.topic)) this.#see(frame.topic, frame.watching)
        break
      case 'hb':
        this.#compare(frame.heads)
        break
      case 'auth.expiring':
        void this.#renew()
        break
      case 'error':
        this.#lastError = frame
        break
    }
  }

  #event(event: EventFrame): void {
    const topic = this.#topics.get(event.topic)
    // Between asking and the reply, what arrives belongs to the earlier watch and comes again.
    if (topic?.stage !== 'joined' || event.seq <= topic.seq) return
    if (event.seq !== topic.seq + 1) {
      this.#join(topic)
      return
    }
    topic.seq = event.seq
    topic.behind = 0
    for (const seat of topic.seats) this.#hand(topic, seat, event)
    this.#acknowledge(topic)
  }

  #hand(topic: Topic, seat: Seat, event: EventFrame): void {
    if (seat.seq === null || event.seq !== seat.seq + 1) return
    seat.seq = event.seq
    try {
      seat.watcher.event(event)
    } catch (error) {
      // One reducer that fails must not stop the others; its own state starts over from a snapshot.
      reportError(error)
      this.#resetSeat(topic, seat, 'failed')
    }
  }

  #live(name: string): void {
    const topic = this.#topics.get(name)
    if (topic?.stage !== 'joined') return
    topic.caughtUp = true
    for (const seat of topic.seats) if (seat.seq !== null) seat.watcher.live?.()
  }

  #reset(topic: Topic | undefined, reason: string): void {
    if (!topic) return
    topic.stage = 'off'
    topic.caughtUp = false
    for (const seat of [...topic.seats]) this.#resetSeat(topic, seat, reason)
    this.#join(topic)
  }

  #resetSeat(topic: Topic, seat: Seat, reason: string): void {
    if (seat.fromNow && topic.stage === 'joined') {
      seat.seq = topic.seq
    } else {
      seat.seq = null
      seat.epoch = undefined
      if (seat.fromNow) return
    }
    seat.watcher.reset(reason)
  }

  #revoked(topic: Topic | undefined, reason: string): void {
    if (!topic) return
    topic.stage = 'off'
    this.#topics.delete(topic.name)
    this.#see(topic.name, NOBODY)
    for (const seat of topic.seats) seat.watcher.revoked?.(reason)
  }

  #see(name: string, viewers: readonly Viewer[]): void {
    if (viewers.length === 0 && !this.#present.has(name)) return
    if (viewers.length > 0) this.#present.set(name, viewers)
    else this.#present.delete(name)
    for (const listener of this.#presenceListeners) listener()
  }

  #compare(heads: Record<string, number>): void {
    for (const topic of this.#topics.values()) {
      const head = heads[topic.name]
      if (topic.stage !== 'joined' || head === undefined) continue
      topic.behind = head > topic.seq ? topic.behind + 1 : 0
      if (topic.behind >= 2) this.#join(topic)
    }
  }

  async #renew(): Promise<void> {
    const socket = this.#socket
    try {
      const token = await this.#options.token({ fresh: true })
      if (this.#socket === socket) this.#authenticate(token)
    } catch (error) {
      if (this.#options.isSessionOver(error) || this.#socket !== socket) return
      setTimeout(() => {
        if (this.#socket === socket) void this.#renew()
      }, RENEW_AGAIN_MS)
    }
  }

  // --- watching -------------------------------------------------------------------------------------------------

  /** Brings a seat that came or moved in line with what the connection already receives. */
  #settle(topic: Topic, seat: Seat): void {
    if (this.#topics.get(topic.name) !== topic || !topic.seats.has(seat)) return
    if (topic.stage === 'joined' && seat.seq === null && seat.fromNow) {
      this.#place(seat, topic.seq, topic.epoch)
    }
    const served =
      topic.stage === 'joined' && seat.seq !== null && seat.seq >= topic.seq && seat.epoch === topic.epoch
    if (!served) this.#join(topic)
    else if (topic.caughtUp) queueMicrotask(() => seat.watcher.live?.())
  }

  /** From here on a watcher without a snapshot misses nothing: now is the time to load. */
  #place(seat: Seat, seq: number, epoch: string | undefined): void {
    seat.seq = seq
    seat.epoch = epoch
    queueMicrotask(() => seat.watcher.reset('fresh'))
  }

  /** Asks for the topic from the lowest number that any of its watchers still needs. */
  #join(topic: Topic): void {
    if (this.#status.phase !== 'live') return
    const waiting = [...topic.seats]
    const placed = waiting.filter((seat) => seat.seq !== null)
    if (placed.length === 0 && !waiting.some((seat) => seat.fromNow)) return
    const lowest = placed.reduce<Seat | undefined>(
      (least, seat) => (least && (least.seq as number) <= (seat.seq as number) ? least : seat),
      undefined,
    )
    topic.stage = 'asked'
    topic.caughtUp = false
    topic.behind = 0
    const from = lowest ? { since: lowest.seq, epoch: lowest.epoch } : {}
    topic.asked = this.#command({ op: 'watch', topic: topic.name, ...from }, (reply) => {
      if (topic.asked === reply.re) this.#joined(topic, lowest?.seq ?? null, reply)
    })
  }

  #joined(topic: Topic, since: number | null, reply: Reply): void {
    if (!reply.ok) {
      this.#refused(topic, reply)
      return
    }
    if ('mode' in reply) this.#placed(topic, since, reply)
  }

  #placed(topic: Topic, since: number | null, reply: Watching): void {
    if (reply.mode === 'reset') {
      this.#reset(topic, reply.reason ?? 'reset')
      return
    }
    topic.stage = 'joined'
    topic.seq = reply.mode === 'fresh' || since === null ? reply.head : since
    topic.epoch = reply.epoch
    for (const seat of [...topic.seats]) {
      if (seat.seq === null && seat.fromNow) this.#place(seat, reply.head, reply.epoch)
      else if (seat.seq !== null && seat.epoch !== reply.epoch) this.#resetSeat(topic, seat, 'epoch')
    }
    // Someone came with an older snapshot while the reply was under way.
    if ([...topic.seats].some((seat) => seat.seq !== null && seat.seq < topic.seq)) this.#join(topic)
  }

  #refused(topic: Topic, { error }: Failed): void {
    topic.stage = 'off'
    if (!error.retryable) {
      this.#revoked(topic, error.code)
      return
    }
    const wait = (error.retry_after_ms ?? BACKOFF_FIRST_MS) + this.#options.random() * BACKOFF_FIRST_MS
    setTimeout(() => {
      if (topic.stage === 'off' && this.#topics.get(topic.name) === topic) this.#join(topic)
    }, wait)
  }

  #leave(topic: Topic, seat: Seat): void {
    topic.seats.delete(seat)
    if (topic.seats.size > 0 || this.#topics.get(topic.name) !== topic) return
    this.#topics.delete(topic.name)
    this.#toAcknowledge.delete(topic.name)
    this.#see(topic.name, NOBODY)
    if (topic.stage !== 'off') this.#command({ op: 'unwatch', topic: topic.name }, () => undefined)
  }

  #acknowledge(topic: Topic): void {
    this.#toAcknowledge.set(topic.name, topic.seq)
    this.#unacknowledged += 1
    if (this.#unacknowledged >= ACK_EVERY_EVENTS) this.#sendAck()
    else this.#ackTimer ??= setTimeout(() => this.#sendAck(), ACK_EVERY_MS)
  }

  #sendAck(): void {
    clearTimeout(this.#ackTimer)
    this.#ackTimer = undefined
    this.#unacknowledged = 0
    if (this.#toAcknowledge.size > 0)
      this.#send({ op: 'ack', topics: Object.fromEntries(this.#toAcknowledge) })
    this.#toAcknowledge.clear()
  }
}
