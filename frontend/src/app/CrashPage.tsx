/** A page that failed: what happened, and the way on. */

import { Button } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { ErrorNote } from '../ui/ErrorNote'

export function CrashPage({ error }: ErrorComponentProps) {
  const { t } = useTranslation()
  const known = error instanceof Problem
  return (
    <main style={{ maxWidth: 640, margin: '12vh auto', padding: '0 16px' }}>
      <h1 className="visually-hidden">{t('error.title')}</h1>
      <ErrorNote
        error={error}
        title={known ? t('error.loading') : t('crash.title')}
        lead={known ? undefined : t('crash.lead')}
      >
        <Button size="compact-sm" variant="default" mt={8} onClick={() => window.location.reload()}>
          {t('crash.reload')}
        </Button>
      </ErrorNote>
    </main>
  )
}
