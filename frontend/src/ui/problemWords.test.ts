import { describe, expect, test } from 'vitest'
import { Problem, problemOf } from '../api/problem'
import { words } from '../i18n/catalogue'
import { problemWords } from './problemWords'

function wordsFor(status: number, body: object = {}, headers?: Record<string, string>): string {
  return problemWords(new Problem(status, body, new Headers(headers)), words.t)
}

describe('a problem', () => {
  test('has words of its own for a conflict, an older version and too many requests', () => {
    const found = [409, 412, 429].map((status) => wordsFor(status))
    expect(new Set(found).size).toBe(3)
  })

  test('is worded by its code where that says more', () => {
    expect(wordsFor(409, { code: 'slot_taken' })).toContain('just taken')
  })

  test('says how long to wait', () => {
    expect(wordsFor(429, {}, { 'retry-after': '7' })).toContain('7 seconds')
    expect(wordsFor(429, {}, { 'retry-after': '1' })).toContain('1 second.')
    expect(wordsFor(429, {}, { 'retry-after': '841' })).toContain('15 minutes')
  })

  test('repeats what is wrong with the fields', () => {
    const errors = [{ field: 'notes', code: 'max_length', detail: 'Too long.' }]
    expect(wordsFor(400, { code: 'invalid', errors })).toBe('Too long.')
  })

  test('that nobody foresaw is still no stack trace', () => {
    expect(problemWords(new TypeError('x is undefined'), words.t)).not.toContain('undefined')
  })

  test('keeps its request id, be the answer JSON or a page of a proxy', async () => {
    const json = Response.json({ code: 'busy', request_id: 'abc' }, { status: 503 })
    expect(await problemOf(json)).toMatchObject({ code: 'busy', requestId: 'abc' })
    const page = new Response('<html>', { status: 502, headers: { 'x-request-id': 'def' } })
    expect(await problemOf(page)).toMatchObject({ code: 'http_502', requestId: 'def', isTransient: true })
  })

  test('takes alternatives as starts', async () => {
    const answer = Response.json(
      { code: 'slot_taken', alternatives: ['2026-11-23T10:00:00Z'] },
      { status: 409 },
    )
    expect((await problemOf(answer)).alternatives).toEqual(['2026-11-23T10:00:00Z'])
  })
})
