/** A word about the state of something, with its icon. */
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../ui/Icon'
import styles from './Badges.module.css'

export function Mark({
  icon,
  tone,
  children,
}: {
  icon: IconName
  tone: 'new' | 'warn'
  children: ReactNode
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      <Icon name={icon} size={14} />
      {children}
    </span>
  )
}
