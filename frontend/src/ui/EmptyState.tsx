/** Nothing to show, and what to do about it. */
import type { ReactNode } from 'react'
import styles from './EmptyState.module.css'
import { Icon, type IconName } from './Icon'

interface Props {
  icon: IconName
  title: string
  lead: string
  /** The title of the whole page, where nothing else is on it. */
  isPage?: boolean
  children?: ReactNode
}

export function EmptyState({ icon, title, lead, isPage, children }: Props) {
  const Title = isPage ? 'h1' : 'h2'
  return (
    <div className={styles.empty}>
      <span className={styles.mark}>
        <Icon name={icon} size={24} />
      </span>
      <Title className={styles.title}>{title}</Title>
      <p className={styles.lead}>{lead}</p>
      {children && <div className={styles.action}>{children}</div>}
    </div>
  )
}
