/** Says in icon and word whether the screen is true right now. */
import { useTranslation } from 'react-i18next'
import { connection } from '../realtime/connection'
import { useHealth } from '../realtime/health'
import { ownZone, timeOf } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { Icon } from '../ui/Icon'
import styles from './ConnectionPill.module.css'

const icons = { starting: 'sync', live: 'live', reconnecting: 'sync', offline: 'offline' } as const

export function ConnectionPill() {
  const { t } = useTranslation()
  const { hours } = useTimePreferences()
  const { state, staleSince, paused } = useHealth()
  // Before the first answer there is nothing to say yet, but its place is kept.
  const word = t(`connection.${state === 'starting' ? 'live' : state}`)
  const stale =
    staleSince === null
      ? undefined
      : t('connection.stale', { time: timeOf(staleSince, { zone: ownZone(), hours }) })
  const content = (
    <>
      <Icon name={icons[state]} size={16} />
      <span className={styles.word}>{word}</span>
      {stale && <span className={styles.stale}>{stale}</span>}
    </>
  )
  if (paused) {
    return (
      <button
        type="button"
        className={styles.pill}
        data-state={state}
        data-testid="connection"
        title={connection.status.code === 4409 ? t('connection.elsewhereWhy') : undefined}
        onClick={() => connection.retryNow()}
      >
        {content}
        <span className={styles.resume}>{t('connection.resume')}</span>
      </button>
    )
  }
  return (
    <span className={styles.pill} data-state={state} data-testid="connection">
      {content}
    </span>
  )
}
