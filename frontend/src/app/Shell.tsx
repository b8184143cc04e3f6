/** The frame around every signed-in page. */
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useKeptPush } from '../push/useKeptPush'
import { useClinic } from '../settings/useClinic'
import { Icon } from '../ui/Icon'
import { AccountMenu } from './AccountMenu'
import { Bell } from './Bell'
import { ConnectionPill } from './ConnectionPill'
import { destinations } from './navigation'
import styles from './Shell.module.css'
import { useMe } from './useMe'
import { useOwnChanges } from './useOwnChanges'

function isWithin(place: string, path: string): boolean {
  if (place.startsWith('/settings')) return path.startsWith('/settings')
  return place === '/my-patients' && path.startsWith('/records')
}

export function Shell() {
  const { t } = useTranslation()
  const places = destinations(useMe())
  const clinic = useClinic().data
  const path = useLocation({ select: (location) => location.pathname })
  useOwnChanges()
  useKeptPush()
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {t('skip')}
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.brand}>
            <img src="/assets/mark.svg" alt="" width={32} height={32} />
            <span>{clinic?.name || t('product')}</span>
          </Link>
          {places.length > 0 && (
            <nav
              aria-label={t('nav.label')}
              className={styles.nav}
              data-single={places.length === 1 || undefined}
            >
              {places.map(({ to, label, icon }) => (
                <Link
                  key={to}
                  to={to}
                  className={styles.place}
                  activeProps={{ 'data-active': true }}
                  // Pages of one group share a place: whichever is open, it is here.
                  data-active={isWithin(to, path) || undefined}
                >
                  <Icon name={icon} size={18} />
                  {t(`nav.${label}`)}
                </Link>
              ))}
            </nav>
          )}
          <div className={styles.tools}>
            <ConnectionPill />
            <Bell />
            <AccountMenu />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1} className={styles.content}>
        <Outlet />
      </main>
    </div>
  )
}
