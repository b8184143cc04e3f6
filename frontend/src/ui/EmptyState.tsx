/** Nothing to show, and what to do about it. */
import type { ReactNode } from 'react'
import styles from './EmptyState.module.css'
import { Icon, type IconName } from './Icon'

interface Props {
  icon: IconName
  title: string
  lead: string
  children?: ReactNode
}

export function EmptyState({ icon, title, lead, children }: Props) {
  return (
    <div className={styles.empty}>
      <span className={styles.mark}>
        <Icon name={icon} size={24} />
      </span>
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.lead}>{lead}</p>
      {children && <div className={styles.action}>{children}</div>}
    </div>
  )
}
