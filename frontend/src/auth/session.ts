/**
 * The signed-in session of this browser.
 *
 * The access token lives in memory only; the refresh token is an HttpOnly cookie the page never sees. Refresh
 * tokens are single-use, so tabs take turns under one lock and hand the new access token to each other.
 */
import { Problem, problemOf } from '../api/problem'

export type SessionPhase =
  | 'restoring' // asking whether the cookie still stands
  | 'unreachable' // could not ask; asking again
  | 'signedOut'
  | 'signedIn'
  | 'ended' // was signed in on this page; what is typed stays until the person signs in again

export interface TokenNeed {
  /** This one was refused: another is needed. */
  not?: string
  /** At least this much life must be left. */
  lifeMs?: number
}

export type Registration = {
  role: 'PATIENT' | 'DOCTOR'
  username: string
  email: string
  password: string
  first_name: string
  last_name: string
  time_zone?: string
  specialization?: string
  phone_number?: string
}

interface Message {
  kind: 'token' | 'ended' | 'signedOut'
  access?: string
}

export interface SessionChannel {
  postMessage(message: Message): void
  onmessage: ((event: MessageEvent<Message>) => void) | null
}

export interface SessionSurroundings {
  fetch: typeof fetch
  now: () => number
  wait: (ms: number) => Promise<void>
  /** Runs the task while no other tab runs one. */
  exclusively: <T>(task: () => Promise<T>) => Promise<T>
  channel: SessionChannel
  /** Another tab signed in as someone else: nothing on this page may stay. */
  personChanged: () => void
}

export class SessionEnded extends Problem {
  constructor() {
    super(401, { code: 'session_ended', title: 'The session has ended.' })
  }
}

const RACED_RETRIES = 5
const RACED_WAIT_MS = 250
const UNREACHABLE_WAIT_MS = 2_000
const USUAL_LIFE_MS = 10_000

export class Session {
  #phase: SessionPhase = 'restoring'
  #access: string | undefined
  #person: string | undefined
  #renewing: Promise<string> | undefined
  readonly #listeners = new Set<() => void>()
  readonly #around: SessionSurroundings

  constructor(surroundings: SessionSurroundings) {
    this.#around = surroundings
    surroundings.channel.onmessage = (event) => this.#heard(event.data)
  }

  get phase(): SessionPhase {
    return this.#phase
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Brings back the session of an earlier visit, asking until the service answers. */
  async restore(): Promise<void> {
    while (this.#phase === 'restoring' || this.#phase === 'unreachable') {
      try {
        await this.#renew({})
      } catch (error) {
        if (error instanceof SessionEnded) return
        this.#become('unreachable')
        await this.#around.wait(UNREACHABLE_WAIT_MS)
      }
    }
  }

  /** An access token that serves the need; refuses with SessionEnded when there is none to be had. */
  async token(need: TokenNeed = {}): Promise<string> {
    if (this.#serves(need)) return this.#access as string
    if (this.#phase === 'ended' || this.#phase === 'signedOut') throw new SessionEnded()
    return this.#renew(need)
  }

  async signIn(username: string, password: string): Promise<void> {
    const answer = await this.#post('/api/auth/login/', { username, password })
    this.#adopt(((await answer.json()) as { access: string }).access)
  }

  async register(registration: Registration): Promise<void> {
    const answer = await this.#post('/api/auth/register/', registration)
    this.#adopt(((await answer.json()) as { tokens: { access: string } }).tokens.access)
  }

  /** Ends the session in every tab; stands locally even when the service cannot be told. */
  async signOut(): Promise<void> {
    const token = await this.token().catch(() => undefined)
    this.#forget('signedOut')
    this.#around.channel.postMessage({ kind: 'signedOut' })
    if (token) await this.#post('/api/auth/logout/', {}, token).catch(() => undefined)
  }

  #serves({ not, lifeMs = USUAL_LIFE_MS }: TokenNeed): boolean {
    if (!this.#access || this.#access === not) return false
    return expiryOf(this.#access) - this.#around.now() > lifeMs
  }

  #renew(need: TokenNeed): Promise<string> {
    this.#renewing ??= this.#around
      .exclusively(() => this.#refresh(need))
      .finally(() => {
        this.#renewing = undefined
      })
    return this.#renewing
  }

  async #refresh(need: TokenNeed): Promise<string> {
    // While this tab waited for its turn another may have renewed and told us.
    if (this.#serves(need)) return this.#access as string
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#post('/api/auth/refresh/', {})
        const { access } = (await answer.json()) as { access: string }
        this.#adopt(access)
        return access
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 401) throw error
        // Someone else used the cookie's token a moment ago; its successor is already in the jar.
        if (error.code === 'refresh_raced' && attempt < RACED_RETRIES) {
          await this.#around.wait(RACED_WAIT_MS * (attempt + 1))
          if (this.#serves(need)) return this.#access as string
          continue
        }
        const wasSignedIn = this.#phase === 'signedIn'
        this.#forget(wasSignedIn ? 'ended' : 'signedOut')
        if (wasSignedIn) this.#around.channel.postMessage({ kind: 'ended' })
        throw new SessionEnded()
      }
    }
  }

  async #post(path: string, body: unknown, token?: string): Promise<Response> {
    const headers: Record<string, string> = { 'Content-Type': 'application/json', 'X-Refresh-Cookie': '1' }
    if (token) headers.Authorization = `Bearer ${token}`
    let response: Response
    try {
      // The service takes a refresh token once. Kept alive, the answer with the next one reaches the cookie jar even when
      // the page is loaded again meanwhile; otherwise a quick second F5 would sign the person out.
      const options = { method: 'POST', headers, body: JSON.stringify(body), keepalive: true }
      response = await this.#around.fetch(path, options)
    } catch {
      throw Problem.unreachable()
    }
    if (!response.ok) throw await problemOf(response)
    return response
  }

  #adopt(access: string): void {
    this.#take(access)
    this.#around.channel.postMessage({ kind: 'token', access })
  }

  #take(access: string): void {
    const person = personOf(access)
    const changed = this.#person !== undefined && this.#person !== person
    this.#access = access
    this.#person = person
    if (changed) this.#around.personChanged()
    else this.#become('signedIn')
  }

  #forget(phase: 'signedOut' | 'ended'): void {
    this.#access = undefined
    if (phase === 'signedOut') this.#person = undefined
    this.#become(phase)
  }

  #heard(message: Message): void {
    if (message.kind === 'token' && message.access) this.#take(message.access)
    else if (message.kind === 'signedOut') this.#forget('signedOut')
    else if (this.#phase === 'signedIn') this.#forget('ended')
  }

  #become(phase: SessionPhase): void {
    if (phase === this.#phase) return
    this.#phase = phase
    for (const listener of this.#listeners) listener()
  }
}

interface Claims {
  exp: number
  sub: string
}

/** What the token says of itself; only the server's word counts, this saves a request that would be refused. */
function claimsOf(token: string): Claims {
  const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
  return JSON.parse(atob(part)) as Claims
}

function expiryOf(token: string): number {
  return claimsOf(token).exp * 1000
}

function personOf(token: string): string {
  return claimsOf(token).sub
}

const LOCK = 'clinic.session'

function browserSurroundings(): SessionSurroundings {
  return {
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    wait: (ms) => new Promise((done) => setTimeout(done, ms)),
    // Locks exist only on https and localhost; elsewhere the server's refresh_raced answer settles it.
    exclusively: async (task) => (navigator.locks ? await navigator.locks.request(LOCK, task) : await task()),
    channel: new BroadcastChannel(LOCK),
    personChanged: () => window.location.assign('/'),
  }
}

export const session = new Session(browserSurroundings())
