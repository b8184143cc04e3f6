/** What kind of record it is, in icon and word. */
import { useTranslation } from 'react-i18next'
import type { RecordType } from '../api/shapes'
import { Icon } from '../ui/Icon'
import styles from './Badges.module.css'
import { typeIcons } from './typeIcons'

export function RecordTypeBadge({ type }: { type: RecordType }) {
  const { t } = useTranslation()
  return (
    <span className={styles.badge}>
      <Icon name={typeIcons[type]} size={14} />
      {t(`records.type.${type}`)}
    </span>
  )
}
