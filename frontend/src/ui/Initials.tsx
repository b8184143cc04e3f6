/** A person's initials in a calm disc; the name itself always stands beside it. */
import styles from './Initials.module.css'

export function Initials({ name, size = 44 }: { name: string; size?: number }) {
  const letters = name
    .replace(/^Dr\.?\s+/i, '')
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word[0])
  const shown = (letters.length > 1 ? `${letters[0]}${letters.at(-1)}` : (letters[0] ?? '?')).toUpperCase()
  return (
    <span
      aria-hidden="true"
      className={styles.disc}
      style={{ width: size, height: size, fontSize: size * 0.36 }}
    >
      {shown}
    </span>
  )
}
