/** The clinic's settings: one head, one row of pages. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { PageHead } from '../ui/PageHead'
import styles from './forms.module.css'

const PAGES = [
  { to: '/settings/clinic', label: 'clinic' },
  { to: '/settings/staff', label: 'staff' },
  { to: '/settings/hours', label: 'hours' },
] as const

interface Props {
  title: string
  lead: string
  children: ReactNode
}

export function SettingsFrame({ title, lead, children }: Props) {
  const { t } = useTranslation()
  return (
    <>
      <PageHead title={title} lead={lead} />
      <nav aria-label={t('settings.label')} className={styles.tabs}>
        {PAGES.map(({ to, label }) => (
          <Link key={to} to={to} className={styles.tab} activeProps={{ 'data-active': true }}>
            {t(`settings.${label}`)}
          </Link>
        ))}
      </nav>
      <div className={styles.page}>{children}</div>
    </>
  )
}
