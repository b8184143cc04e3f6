/** A doctor whom the clinic has not approved yet. It changes by itself the moment that happens. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { nameOf, useMe } from '../app/useMe'
import { Card } from '../ui/Card'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import styles from './PendingPage.module.css'

export function PendingPage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <div className={styles.page}>
      <PageHead title={t('pending.title')} lead={t('pending.lead', { name: nameOf(me) })} />
      <Card>
        <h2 className={styles.title}>{t('pending.steps')}</h2>
        <ol className={styles.steps}>
          <li data-step="done">
            <Icon name="done" size={22} />
            {t('pending.step1')}
          </li>
          <li data-step="now" aria-current="step">
            <Icon name="clock" size={22} />
            {t('pending.step2')}
          </li>
          <li>
            <Icon name="users" size={22} />
            {t('pending.step3')}
          </li>
        </ol>
        <p className={styles.stay}>{t('pending.stay')}</p>
        <Button variant="default" mt="md" renderRoot={(props) => <Link to="/hours" {...props} />}>
          {t('pending.hours')}
        </Button>
      </Card>
    </div>
  )
}
