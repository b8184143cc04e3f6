/** Notices that somebody had something before their eyes long enough to have seen it. */
import { type RefObject, useEffect, useRef } from 'react'

const SEEN_MS = 3_000

export function useSeen<Element extends HTMLElement>(
  wanted: boolean,
  onSeen: () => void,
): RefObject<Element | null> {
  const ref = useRef<Element>(null)
  const newest = useRef(onSeen)
  newest.current = onSeen
  useEffect(() => {
    const element = ref.current
    if (!wanted || !element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let inView = false
    const look = () => {
      clearTimeout(timer)
      // In a tab in the background nobody sees anything.
      if (inView && document.visibilityState === 'visible')
        timer = setTimeout(() => newest.current(), SEEN_MS)
    }
    const observer = new IntersectionObserver((entries) => {
      inView = entries.at(-1)?.isIntersecting ?? false
      look()
    })
    observer.observe(element)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      observer.disconnect()
      document.removeEventListener('visibilitychange', look)
    }
  }, [wanted])
  return ref
}
