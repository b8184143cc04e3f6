/**
 * This browser at its push service: it is told that there is news while no tab is open.
 *
 * Somebody turns it on with a tap, for themselves: who it was is remembered here, so that it goes on when they sign in
 * again, and ends when somebody else does.
 */
import { beginPush, endPush, loadPush } from '../api/push'
import type { Session } from '../auth/session'

export type PushState = 'unsupported' | 'blocked' | 'off' | 'on'

const WORKER = '/sw.js'
const OWNER = 'clinic.push'

export async function pushState(): Promise<PushState> {
  if (!isSupported()) return 'unsupported'
  if (Notification.permission === 'denied') return 'blocked'
  const subscription = await currentSubscription()
  if (!subscription || Notification.permission !== 'granted') return 'off'
  return (await loadPush()).subscribed ? 'on' : 'off'
}

/** Asks the person, so only after a tap of theirs. */
export async function turnPushOn(person: number): Promise<PushState> {
  const permission = await Notification.requestPermission()
  if (permission !== 'granted') return permission === 'denied' ? 'blocked' : 'off'
  const subscription = await subscribe()
  try {
    await beginPush(subscription.endpoint)
  } catch (error) {
    await subscription.unsubscribe()
    throw error
  }
  remember(person)
  return 'on'
}

export async function turnPushOff(): Promise<PushState> {
  await endPush()
  await leave()
  return 'off'
}

/** At the start of a visit: a new session, a new address or a new key of the clinic changes nothing for its owner. */
export async function keepPush(person: number): Promise<void> {
  if (!isSupported()) return
  const owner = recalled()
  if (owner === undefined) return
  if (owner !== person) return leave()
  if (Notification.permission !== 'granted') return
  const subscription = await subscribe()
  await beginPush(subscription.endpoint)
}

/** Who signs out is told nothing here any more; a session that merely ran out goes on when they are back. */
export function endPushOnSignOut(session: Pick<Session, 'phase' | 'subscribe'>): void {
  let before = session.phase
  session.subscribe(() => {
    const wasSignedIn = before === 'signedIn' || before === 'ended'
    before = session.phase
    if (wasSignedIn && session.phase === 'signedOut') void leave().catch(() => undefined)
  })
}

function isSupported(): boolean {
  return (
    window.isSecureContext &&
    'serviceWorker' in navigator &&
    'PushManager' in window &&
    'Notification' in window
  )
}

async function currentSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration(WORKER)
  return registration ? registration.pushManager.getSubscription() : null
}

async function subscribe(): Promise<PushSubscription> {
  const { public_key } = await loadPush()
  await navigator.serviceWorker.register(WORKER)
  const { pushManager } = await navigator.serviceWorker.ready
  const before = await pushManager.getSubscription()
  if (before && keyOf(before) === public_key) return before
  // Made with a key that the clinic has no more: pushes signed with the present one would be refused.
  await before?.unsubscribe()
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: public_key })
}

function keyOf(subscription: PushSubscription): string | undefined {
  const key = subscription.options.applicationServerKey
  if (!key) return undefined
  const text = btoa(String.fromCharCode(...new Uint8Array(key)))
  return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Its push service then tells the clinic that this address is no more. */
async function leave(): Promise<void> {
  forget()
  if (!isSupported()) return
  const subscription = await currentSubscription()
  await subscription?.unsubscribe()
}

function recalled(): number | undefined {
  try {
    const stored = localStorage.getItem(OWNER)
    return stored === null ? undefined : Number(stored)
  } catch {
    return undefined
  }
}

function remember(person: number): void {
  try {
    localStorage.setItem(OWNER, String(person))
  } catch {
    // Private windows may refuse storage: it then lasts as long as the session.
  }
}

function forget(): void {
  try {
    localStorage.removeItem(OWNER)
  } catch {
    // Then nothing was remembered.
  }
}
