/** An appointment's status: icon, word and tint say the same thing. */
import { useTranslation } from 'react-i18next'
import type { AppointmentStatus } from '../api/shapes'
import { Icon } from './Icon'
import styles from './StatusBadge.module.css'
import { statusIcons } from './statusIcons'

export function StatusBadge({ status }: { status: AppointmentStatus }) {
  const { t } = useTranslation()
  return (
    <span className={styles.badge} data-status={status}>
      <Icon name={statusIcons[status]} size={14} />
      {t(`appointment.status.${status}`)}
    </span>
  )
}
