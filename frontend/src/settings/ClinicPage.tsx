/** Settings of the clinic itself. */
import { Button, Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Section } from '../ui/Section'
import { ClinicForm } from './ClinicForm'
import { ClosuresEditor } from './ClosuresEditor'
import { RemindersForm } from './RemindersForm'
import { RoomsEditor } from './RoomsEditor'
import { SettingsFrame } from './SettingsFrame'
import { useClinic } from './useClinic'

export function ClinicPage() {
  const { t } = useTranslation()
  const { data, error, refetch } = useClinic()
  return (
    <SettingsFrame title={t('settings.clinic')} lead={t('clinic.lead')}>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={300} radius="lg" aria-busy="true" />}
      {data && (
        <>
          <Section title={t('clinic.title')} lead={t('clinic.zoneLead')}>
            <ClinicForm clinic={data} submit={t('save')} onSaved={() => showToast(t('saved'))} />
          </Section>
          <Section title={t('reminders.title')} lead={t('reminders.lead')}>
            <RemindersForm clinic={data} />
          </Section>
          <Section title={t('rooms.title')} lead={t('rooms.lead')}>
            <RoomsEditor clinic={data} />
          </Section>
          <Section title={t('closures.title')} lead={t('closures.lead')}>
            <ClosuresEditor clinic={data} />
          </Section>
          <div>
            <Button variant="default" renderRoot={(props) => <Link to="/first-day" {...props} />}>
              {t('settings.firstDay')}
            </Button>
          </div>
        </>
      )}
    </SettingsFrame>
  )
}
