/** That the patient has said they will come, while that says something. */
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import styles from './ConfirmedMark.module.css'
import { Icon } from './Icon'

export function ConfirmedMark({ appointment }: { appointment: Appointment }) {
  const { t } = useTranslation()
  if (!appointment.confirmed_at || appointment.status !== 'SCHEDULED') return null
  return (
    <span className={styles.mark}>
      <Icon name="check" size={14} />
      {t('appointment.confirmed')}
    </span>
  )
}
