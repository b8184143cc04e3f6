/** Somebody was faster: what stands now, beside what one has typed, and which of the two it shall be. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../ui/Icon'
import styles from './Conflict.module.css'

interface Props {
  lead: string
  /** As it stands now. */
  children: ReactNode
  isSaving: boolean
  onKeepMine: () => void
  onTakeTheirs: () => void
}

export function Conflict({ lead, children, isSaving, onKeepMine, onTakeTheirs }: Props) {
  const { t } = useTranslation()
  return (
    <div role="alert" className={styles.conflict} data-testid="conflict">
      <p className={styles.lead}>
        <Icon name="alert" />
        {lead}
      </p>
      <div className={styles.now}>
        <p className={styles.label}>{t('conflict.now')}</p>
        {children}
      </div>
      <div className={styles.choices}>
        <Button loading={isSaving} onClick={onKeepMine}>
          {t('conflict.mine')}
        </Button>
        <Button variant="default" onClick={onTakeTheirs}>
          {t('conflict.theirs')}
        </Button>
      </div>
    </div>
  )
}
