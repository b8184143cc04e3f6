import { describe, expect, test, vi } from 'vitest'
import { Session, type SessionChannel, SessionEnded, type SessionSurroundings } from './session'

const NOW = Date.parse('2026-11-23T09:00:00Z')

function token(person: number, lifeMs = 300_000): string {
  const claims = { sub: person, exp: (NOW + lifeMs) / 1000, jti: Math.random() }
  return `h.${btoa(JSON.stringify(claims))}.s`
}

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status })
}

/** Tabs of one browser: a shared channel and a shared lock. */
function browser(fetch: SessionSurroundings['fetch']) {
  const channels: SessionChannel[] = []
  let turn: Promise<unknown> = Promise.resolve()
  const personChanged = vi.fn()
  const tab = () => {
    const channel: SessionChannel = {
      onmessage: null,
      postMessage: (message) => {
        for (const other of channels)
          if (other !== channel) other.onmessage?.({ data: message } as MessageEvent)
      },
    }
    channels.push(channel)
    return new Session({
      fetch,
      now: () => NOW,
      wait: () => Promise.resolve(),
      exclusively: (task) => {
        const mine = turn.then(task)
        turn = mine.catch(() => undefined)
        return mine
      },
      channel,
      personChanged,
    })
  }
  return { tab, personChanged }
}

describe('the session', () => {
  test('is restored from the cookie at the start', async () => {
    const fetch = vi.fn(async () => answer(200, { access: token(5) }))
    const session = browser(fetch).tab()
    await session.restore()
    expect(session.phase).toBe('signedIn')
    expect(fetch).toHaveBeenCalledWith(
      '/api/auth/refresh/',
      expect.objectContaining({ body: '{}', headers: expect.objectContaining({ 'X-Refresh-Cookie': '1' }) }),
    )
  })

  test('is signed out, not ended, when there was none to restore', async () => {
    const session = browser(async () => answer(401, { code: 'token_not_valid' })).tab()
    await session.restore()
    expect(session.phase).toBe('signedOut')
  })

  test('is asked for again while the service cannot be reached', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockRejectedValueOnce(new TypeError('down'))
      .mockResolvedValueOnce(answer(503, {}))
      .mockResolvedValueOnce(answer(200, { access: token(5) }))
    const session = browser(fetch).tab()
    await session.restore()
    expect(session.phase).toBe('signedIn')
  })

  test('uses one refresh for many callers', async () => {
    const fetch = vi.fn(async () => answer(200, { access: token(5) }))
    const session = browser(fetch).tab()
    await Promise.all([session.token(), session.token(), session.token()])
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('uses one refresh for many tabs', async () => {
    const fetch = vi.fn(async () => answer(200, { access: token(5) }))
    const { tab } = browser(fetch)
    const [first, second] = [tab(), tab()]
    const tokens = await Promise.all([first.token(), second.token()])
    expect(tokens[0]).toBe(tokens[1])
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('survives a raced refresh', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(401, { code: 'refresh_raced' }))
      .mockResolvedValueOnce(answer(200, { access: token(5) }))
    const session = browser(fetch).tab()
    await session.token()
    expect(session.phase).toBe('signedIn')
  })

  test('ends in every tab when the refresh is refused', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(200, { access: token(5, 5_000) }))
      .mockResolvedValueOnce(answer(401, { code: 'session_ended' }))
    const { tab } = browser(fetch)
    const [first, second] = [tab(), tab()]
    await first.restore()
    await expect(first.token()).rejects.toBeInstanceOf(SessionEnded)
    expect(first.phase).toBe('ended')
    expect(second.phase).toBe('ended')
  })

  test('stands when a refresh cannot reach the service', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(200, { access: token(5, 5_000) }))
      .mockRejectedValueOnce(new TypeError('down'))
    const session = browser(fetch).tab()
    await session.restore()
    await expect(session.token()).rejects.toMatchObject({ code: 'unreachable' })
    expect(session.phase).toBe('signedIn')
  })

  test('gives a token with the life that is asked for', async () => {
    const [short, long] = [token(5, 60_000), token(5, 300_000)]
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(200, { access: short }))
      .mockResolvedValueOnce(answer(200, { access: long }))
    const session = browser(fetch).tab()
    await session.restore()
    expect(await session.token()).toBe(short)
    expect(await session.token({ lifeMs: 90_000 })).toBe(long)
  })

  test('of someone else in another tab clears this page', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(200, { access: token(5) }))
      .mockResolvedValueOnce(answer(200, { access: token(6) }))
    const { tab, personChanged } = browser(fetch)
    const [first, second] = [tab(), tab()]
    await first.restore()
    await second.signIn('ben', 'a long password')
    expect(personChanged).toHaveBeenCalled()
  })

  test('ends everywhere on signing out, even with the service away', async () => {
    const fetch = vi
      .fn<SessionSurroundings['fetch']>()
      .mockResolvedValueOnce(answer(200, { access: token(5) }))
      .mockRejectedValue(new TypeError('down'))
    const { tab } = browser(fetch)
    const [first, second] = [tab(), tab()]
    await first.restore()
    await first.signOut()
    expect([first.phase, second.phase]).toEqual(['signedOut', 'signedOut'])
  })
})
