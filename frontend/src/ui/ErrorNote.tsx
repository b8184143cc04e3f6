/** A problem told in place, with what support needs to find it. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import styles from './ErrorNote.module.css'
import { Icon } from './Icon'
import { problemWords } from './problemWords'

interface Props {
  error: unknown
  title?: string
  lead?: string
  onRetry?: () => void
  children?: ReactNode
}

export function ErrorNote({ error, title, lead, onRetry, children }: Props) {
  const { t } = useTranslation()
  return (
    <div role="alert" className={styles.note}>
      <Icon name="alert" />
      <div className={styles.body}>
        {title && <p className={styles.title}>{title}</p>}
        <p className={styles.words}>{lead ?? problemWords(error, t)}</p>
        {children}
        {onRetry && (
          <Button size="compact-sm" variant="default" mt={8} onClick={onRetry}>
            {t('retry')}
          </Button>
        )}
        <Trace error={error} />
      </div>
    </div>
  )
}

function Trace({ error }: { error: unknown }) {
  const { t } = useTranslation()
  if (!(error instanceof Problem)) return null
  const { code, requestId } = error
  return (
    <p className={styles.trace}>
      {requestId ? t('error.trace', { code, requestId }) : t('error.traceShort', { code })}
    </p>
  )
}
