/** What the page says aloud and shows for a moment: the result of one's own action, or something urgent. */
import { useSyncExternalStore } from 'react'

export interface Toast {
  id: number
  text: string
  tone: 'good' | 'plain' | 'bad'
}

const SHOWN_MS = 6_000
/** Screen readers drop what is replaced too fast, and a busy hour must not chatter. */
const SPOKEN_EVERY_MS = 1_200

let toasts: readonly Toast[] = []
let spoken = ''
const waiting: string[] = []
let speaking: ReturnType<typeof setTimeout> | undefined
let lastId = 0
const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function speakNext(): void {
  const next = waiting.splice(0).slice(-3).join(' ')
  if (!next) {
    speaking = undefined
    return
  }
  // The same sentence twice is a change only if it differs: a trailing space makes it one.
  spoken = next === spoken ? `${next} ` : next
  tell()
  speaking = setTimeout(speakNext, SPOKEN_EVERY_MS)
}

/** Says a sentence in the polite live region. */
export function announce(text: string): void {
  waiting.push(text)
  if (speaking === undefined) speaking = setTimeout(speakNext, 50)
}

/** Shows a line for a moment and says it. */
export function showToast(text: string, tone: Toast['tone'] = 'good'): void {
  lastId += 1
  const toast = { id: lastId, text, tone }
  toasts = [...toasts.slice(-2), toast]
  tell()
  announce(text)
  setTimeout(() => dismissToast(toast.id), SHOWN_MS)
}

export function dismissToast(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id)
  tell()
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(subscribe, () => toasts)
}

export function useSpoken(): string {
  return useSyncExternalStore(subscribe, () => spoken)
}
