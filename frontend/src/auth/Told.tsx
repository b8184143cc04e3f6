/** What was done, on a page that is left by it: shown, and said. */
import { useEffect } from 'react'
import { announce } from '../ui/announcements'
import { Icon } from '../ui/Icon'
import styles from './forms.module.css'

export function Told({ children }: { children: string }) {
  useEffect(() => announce(children), [children])
  return (
    <p className={styles.told}>
      <Icon name="check" />
      <span>{children}</span>
    </p>
  )
}
