/** An address that leads nowhere. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../ui/EmptyState'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <main style={{ maxWidth: 640, margin: '12vh auto', padding: '0 16px' }}>
      <EmptyState isPage icon="search" title={t('notFound.title')} lead={t('notFound.lead')}>
        <Button renderRoot={(props) => <Link to="/" {...props} />}>{t('notFound.home')}</Button>
      </EmptyState>
    </main>
  )
}
