/** An appointment's status: icon, word and tint say the same thing. */
import { useTranslation } from 'react-i18next'
import type { AppointmentStatus } from '../api/shapes'
import { Icon, type IconName } from './Icon'
import styles from './StatusBadge.module.css'

const icons: Record<AppointmentStatus, IconName> = {
  SCHEDULED: 'calendar',
  ARRIVED: 'user',
  IN_PROGRESS: 'live',
  COMPLETED: 'done',
  CANCELLED: 'minus',
  NO_SHOW: 'alert',
}

export function StatusBadge({ status }: { status: AppointmentStatus }) {
  const { t } = useTranslation()
  return (
    <span className={styles.badge} data-status={status}>
      <Icon name={icons[status]} size={14} />
      {t(`appointment.status.${status}`)}
    </span>
  )
}
