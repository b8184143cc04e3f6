/** One patient for the front desk: who looks after them, and that records exist, not what they say. */
import { Button, Skeleton } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadPatient } from '../api/people'
import type { User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import { useTopic } from '../realtime/useTopic'
import { CareTeam } from '../records/CareTeam'
import styles from '../records/records.module.css'
import { Timeline } from '../records/Timeline'
import { recordsKey } from '../records/useRecords'
import { dateName } from '../time/clock'
import { BackLink } from '../ui/BackLink'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import own from './PatientPage.module.css'

export function PatientPage() {
  const { t } = useTranslation()
  const { patientId } = useParams({ from: '/inside/patients/$patientId' })
  const { data, error, refetch } = useQuery({
    queryKey: ['patients', 'one', patientId],
    queryFn: () => loadPatient(Number(patientId)),
  })
  return (
    <>
      <BackLink to="/patients">{t('bookFor.back')}</BackLink>
      {data && <Patient key={data.id} patient={data} />}
      {data === null && (
        <EmptyState isPage icon="users" title={t('bookFor.goneTitle')} lead={t('bookFor.goneLead')} />
      )}
      {data === undefined && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {data === undefined && !error && <Skeleton height={420} radius="lg" aria-busy="true" />}
    </>
  )
}

function Patient({ patient }: { patient: User }) {
  const { t } = useTranslation()
  const name = nameOf(patient)
  const search = useSearch({ from: '/inside/patients/$patientId' })
  const navigate = useNavigate({ from: '/patients/$patientId' })
  const born =
    patient.date_of_birth &&
    t('patients.bornOn', {
      date: dateName(patient.date_of_birth, { day: 'numeric', month: 'long', year: 'numeric' }),
    })
  useRecordsSeenFromTheDesk(patient.id)
  const email = patient.email_bounced_at
    ? t('patients.mailsComeBack', { email: patient.email })
    : patient.email
  const facts = [born, patient.phone_number, email].filter(Boolean).join(' · ')
  return (
    <>
      <PageHead title={name} lead={facts || t('patients.nothing')}>
        {patient.is_active && (
          <Button
            renderRoot={(props) => (
              <Link to="/patients/$patientId/book" params={{ patientId: String(patient.id) }} {...props} />
            )}
          >
            {t('patients.book')}
          </Button>
        )}
      </PageHead>
      <div className={styles.columns}>
        <section aria-labelledby="records">
          <h2 id="records" className={own.title}>
            {t('records.title')}
          </h2>
          <p className={own.lead}>
            <Icon name="shield" size={16} />
            {t('records.staffLead')}
          </p>
          <Timeline
            patient={patient.id}
            search={search}
            onSearch={(to) => void navigate({ search: to, replace: true })}
            emptyLead={t('records.emptyLeadStaff')}
          />
        </section>
        <CareTeam patient={{ id: patient.id, name }} topic="desk" />
      </div>
    </>
  )
}

/** No topic of the staff's own tells of records: visits and assignments of this patient are when theirs change. */
function useRecordsSeenFromTheDesk(patient: number): void {
  const client = useQueryClient()
  const load = () => void client.invalidateQueries({ queryKey: recordsKey })
  useTopic('desk', {
    load,
    event(event) {
      if ('patient' in event.data && event.data.patient.id === patient) load()
    },
  })
}
