/** The way to the inbox, with how much of it is unread. */
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useNews } from '../inbox/useNews'
import { Icon } from '../ui/Icon'
import styles from './Bell.module.css'

export function Bell() {
  const { t } = useTranslation()
  const unread = useNews()?.unread ?? 0
  return (
    <Link to="/inbox" className={styles.bell} aria-label={t('inbox.bell', { count: unread })}>
      <Icon name="bell" size={20} />
      {unread > 0 && (
        <span className={styles.count} data-testid="unread">
          {unread > 99 ? '99+' : unread}
        </span>
      )}
    </Link>
  )
}
