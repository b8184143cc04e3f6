/** The way back to the list a page belongs to. */
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import styles from './BackLink.module.css'
import { Icon } from './Icon'

export function BackLink({ to, children }: { to: LinkProps['to']; children: ReactNode }) {
  return (
    <Link to={to} className={styles.back}>
      <Icon name="arrowLeft" size={16} />
      {children}
    </Link>
  )
}
