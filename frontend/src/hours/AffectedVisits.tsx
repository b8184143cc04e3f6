/** Booked visits that a change would leave hanging: named before it is made. */
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { dayName, timeOf } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { Icon } from '../ui/Icon'
import styles from './AffectedVisits.module.css'

interface Props {
  visits: Appointment[]
  zone: string
  title: string
}

const SHOWN = 6

export function AffectedVisits({ visits, zone, title }: Props) {
  const { t } = useTranslation()
  const { hours } = useTimePreferences()
  if (visits.length === 0) return null
  const rest = visits.length - SHOWN
  return (
    <div role="status" className={styles.note} data-testid="affected">
      <Icon name="alert" />
      <div>
        <p className={styles.title}>{title}</p>
        <ul className={styles.list}>
          {visits.slice(0, SHOWN).map((visit) => (
            <li key={visit.id}>
              <span className="numbers">
                {dayName(visit.start, zone, 'short')}, {timeOf(visit.start, { zone, hours })}
              </span>{' '}
              · {visit.patient.name}
            </li>
          ))}
        </ul>
        {rest > 0 && <p className={styles.rest}>{t('hours.andMore', { count: rest })}</p>}
        <p className={styles.rest}>{t('hours.theyStand', { count: visits.length })}</p>
      </div>
    </div>
  )
}
