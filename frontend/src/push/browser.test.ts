import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { beginPush, endPush, loadPush } from '../api/push'
import words from '../i18n/en.json'
import { endPushOnSignOut, keepPush, pushState, turnPushOff, turnPushOn } from './browser'

vi.mock('../api/push', () => ({ loadPush: vi.fn(), beginPush: vi.fn(), endPush: vi.fn() }))

const KEY = 'BAEC_w'
const ANA = 5

/** A browser with a push service of its own; `allows` is what the person answers when asked. */
class Browser {
  endpoint: string | undefined
  key = KEY
  count = 0
  asked = 0
  isRegistered = false
  permission: NotificationPermission = 'default'
  allows: NotificationPermission = 'granted'

  #subscription() {
    if (!this.endpoint) return null
    const bytes = Uint8Array.from(atob(this.key.replace(/-/g, '+').replace(/_/g, '/')), (c) =>
      c.charCodeAt(0),
    )
    return {
      endpoint: this.endpoint,
      options: { applicationServerKey: bytes.buffer },
      unsubscribe: async () => {
        this.endpoint = undefined
        return true
      },
    }
  }

  install() {
    const pushManager = {
      getSubscription: async () => this.#subscription(),
      subscribe: async (options: PushSubscriptionOptionsInit) => {
        expect(options.userVisibleOnly).toBe(true)
        this.key = options.applicationServerKey as string
        this.count += 1
        this.endpoint = `https://push.example/${this.count}`
        return this.#subscription()
      },
    }
    const registration = { pushManager }
    const container = {
      ready: Promise.resolve(registration),
      getRegistration: async () => (this.isRegistered ? registration : undefined),
      register: async (path: string) => {
        expect(path).toBe('/sw.js')
        this.isRegistered = true
        return registration
      },
    }
    const browser = this
    vi.stubGlobal('isSecureContext', true)
    vi.stubGlobal('PushManager', class {})
    vi.stubGlobal('Notification', {
      get permission() {
        return browser.permission
      },
      requestPermission: async () => {
        browser.asked += 1
        browser.permission = browser.allows
        return browser.permission
      },
    })
    Object.defineProperty(navigator, 'serviceWorker', { value: container, configurable: true })
    return this
  }
}

let browser: Browser
/** What the service has of this session. */
let told: string | undefined

beforeEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
  browser = new Browser().install()
  told = undefined
  vi.mocked(loadPush).mockImplementation(async () => ({ public_key: KEY, subscribed: told !== undefined }))
  vi.mocked(beginPush).mockImplementation(async (endpoint) => {
    told = endpoint
  })
  vi.mocked(endPush).mockImplementation(async () => {
    told = undefined
  })
})

describe('a browser', () => {
  test('is asked nothing and told nothing until somebody turns it on', async () => {
    expect(await pushState()).toBe('off')
    await keepPush(ANA)
    expect([browser.asked, browser.isRegistered, told]).toEqual([0, false, undefined])
  })

  test('is told from when it is turned on until it is turned off', async () => {
    expect(await turnPushOn(ANA)).toBe('on')
    expect(told).toBe('https://push.example/1')
    expect(await pushState()).toBe('on')
    expect(await turnPushOff()).toBe('off')
    expect([told, browser.endpoint]).toEqual([undefined, undefined])
    expect(await pushState()).toBe('off')
  })

  test.each([
    ['denied', 'blocked'],
    ['default', 'off'],
  ] as const)('whose person answers %s is %s', async (answer, state) => {
    browser.allows = answer
    expect(await turnPushOn(ANA)).toBe(state)
    expect(await pushState()).toBe(state)
    expect(browser.isRegistered).toBe(false)
  })

  test('without push, or without encryption, says so', async () => {
    vi.stubGlobal('isSecureContext', false)
    expect(await pushState()).toBe('unsupported')
    await keepPush(ANA)
    expect(told).toBeUndefined()
  })

  test('is left as it was when the clinic could not be told', async () => {
    vi.mocked(beginPush).mockRejectedValueOnce(new Error('away'))
    await expect(turnPushOn(ANA)).rejects.toThrow('away')
    expect(browser.endpoint).toBeUndefined()
    await keepPush(ANA)
    expect(told).toBeUndefined()
  })
})

describe('who turned it on', () => {
  test('is told in their next session, too, without being asked', async () => {
    await turnPushOn(ANA)
    told = undefined // the session ran out
    await keepPush(ANA)
    expect(told).toBe('https://push.example/1')
    expect(browser.asked).toBe(1)
  })

  test('is told on with a new key of the clinic', async () => {
    await turnPushOn(ANA)
    vi.mocked(loadPush).mockResolvedValue({ public_key: 'BBBB', subscribed: true })
    await keepPush(ANA)
    expect([told, browser.key]).toEqual(['https://push.example/2', 'BBBB'])
  })

  test('is not told where somebody else signs in', async () => {
    await turnPushOn(ANA)
    told = undefined
    await keepPush(ANA + 1)
    expect([told, browser.endpoint]).toEqual([undefined, undefined])
    await keepPush(ANA)
    expect(told).toBeUndefined()
  })

  test('is told no more where they sign out, but where their session ran out', async () => {
    await turnPushOn(ANA)
    let phase: 'restoring' | 'signedIn' | 'ended' | 'signedOut' = 'restoring'
    let become = () => {}
    endPushOnSignOut({
      get phase() {
        return phase
      },
      subscribe: (listener) => {
        become = listener
        return () => true
      },
    })
    const enter = async (next: typeof phase) => {
      phase = next
      become()
      await new Promise((done) => setTimeout(done))
    }
    await enter('signedOut') // nobody was signed in on this page
    await enter('signedIn')
    await enter('ended')
    expect(browser.endpoint).toBe('https://push.example/1')
    await enter('signedOut')
    expect(browser.endpoint).toBeUndefined()
    expect(localStorage.length).toBe(0)
  })
})

describe('the worker', () => {
  type Listener = (event: Record<string, unknown>) => void

  function worker(windows: { url: string; visibilityState: string }[] = []) {
    const heard: Record<string, Listener> = {}
    const shown: [string, NotificationOptions][] = []
    const opened: string[] = []
    const self = {
      addEventListener: (type: string, listener: Listener) => {
        heard[type] = listener
      },
      registration: {
        showNotification: async (title: string, options: NotificationOptions) =>
          void shown.push([title, options]),
      },
      clients: {
        matchAll: async () =>
          windows.map((each) => ({ ...each, focus: async () => void opened.push(`focus ${each.url}`) })),
        openWindow: async (path: string) => void opened.push(`open ${path}`),
      },
    }
    new Function('self', readFileSync('public/sw.js', 'utf8'))(self)
    const happen = async (type: string, more: Record<string, unknown> = {}) => {
      let work: unknown
      heard[type]?.({ ...more, waitUntil: (promise: unknown) => (work = promise) })
      await work
    }
    return { happen, shown, opened, heard }
  }

  test('shows that there is news, in the words of the product', async () => {
    const { happen, shown, heard } = worker()
    await happen('push')
    await happen('push')
    expect(shown).toHaveLength(2)
    const [title, options] = shown[0] as [string, NotificationOptions]
    expect([title, options.body]).toEqual([words.push.newsTitle, words.push.newsBody])
    expect(options.tag).toBe('news')
    // It must never stand between the app and the service.
    expect(heard).not.toHaveProperty('fetch')
  })

  test('leads to the app where it is open, and else opens its inbox', async () => {
    const close = vi.fn()
    const app = { url: 'https://clinic.example/today', visibilityState: 'visible' }
    const hidden = { url: 'https://clinic.example/desk', visibilityState: 'hidden' }
    const admin = { url: 'https://clinic.example/admin/clinic/', visibilityState: 'visible' }
    for (const [windows, leads] of [
      [[], 'open /inbox'],
      [[admin], 'open /inbox'],
      [[hidden, admin], `focus ${hidden.url}`],
      [[hidden, app], `focus ${app.url}`],
    ] as const) {
      const { happen, opened } = worker([...windows])
      await happen('notificationclick', { notification: { close } })
      expect(opened).toEqual([leads])
    }
    expect(close).toHaveBeenCalledTimes(4)
  })
})
