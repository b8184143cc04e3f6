/** One key per attempt of a person: pressing twice, or again after a broken connection, has one effect. */
import { useRef } from 'react'

export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // Plain http on a local network has no randomUUID; this is the same 122 random bits.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

export interface Attempt {
  /** The key for this content: the same until the attempt is settled or the content changes. */
  keyFor(content: unknown): string
  /** The service gave its answer: what comes next is a new attempt. */
  settled(): void
}

export function useAttempt(): Attempt {
  const open = useRef<{ content: string; key: string } | undefined>(undefined)
  const attempt = useRef<Attempt>({
    keyFor(content) {
      const text = JSON.stringify(content)
      if (open.current?.content !== text) open.current = { content: text, key: newKey() }
      return open.current.key
    },
    settled() {
      open.current = undefined
    },
  })
  return attempt.current
}
