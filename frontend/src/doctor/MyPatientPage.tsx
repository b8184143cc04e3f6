/** One patient for a doctor who is assigned: who it is, how to reach them, and their records. */
import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadOwnPatients } from '../api/assignments'
import type { PatientCard } from '../api/shapes'
import { Timeline } from '../records/Timeline'
import { BackLink } from '../ui/BackLink'
import { Card } from '../ui/Card'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import styles from './MyPatientPage.module.css'
import { ownPatientsKey, useOwnPatientsChanges } from './MyPatientsPage'
import { useBorn } from './useBorn'

export function MyPatientPage() {
  const { t } = useTranslation()
  const { patientId } = useParams({ from: '/inside/my-patients/$patientId' })
  const { data, error, refetch } = useQuery({
    queryKey: [...ownPatientsKey, 'one', patientId],
    queryFn: async ({ signal }) =>
      (await loadOwnPatients({ id: Number(patientId) }, signal)).patients[0] ?? null,
  })
  useOwnPatientsChanges()
  return (
    <>
      <BackLink to="/my-patients">{t('record.backPatients')}</BackLink>
      {data && <Patient key={data.id} patient={data} />}
      {data === null && (
        <EmptyState isPage icon="users" title={t('myPatients.goneTitle')} lead={t('myPatients.goneLead')} />
      )}
      {data === undefined && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {data === undefined && !error && <Skeleton height={420} radius="lg" aria-busy="true" />}
    </>
  )
}

function Patient({ patient }: { patient: PatientCard }) {
  const { t } = useTranslation()
  const born = useBorn(patient)
  const search = useSearch({ from: '/inside/my-patients/$patientId' })
  const navigate = useNavigate({ from: '/my-patients/$patientId' })
  return (
    <>
      <Card className={styles.banner} data-testid="patient">
        <Initials name={patient.name} size={56} />
        <div className={styles.who}>
          <div className={styles.head}>
            <PageHead title={patient.name} lead={born} />
          </div>
          <ul className={styles.reach}>
            {patient.phone_number && (
              <li>
                <a href={`tel:${patient.phone_number.replaceAll(' ', '')}`}>{patient.phone_number}</a>
              </li>
            )}
            {patient.email && (
              <li>
                <a href={`mailto:${patient.email}`}>{patient.email}</a>
              </li>
            )}
          </ul>
        </div>
      </Card>
      <div className={styles.records}>
        <Timeline
          patient={patient.id}
          search={search}
          onSearch={(to) => void navigate({ search: to, replace: true })}
          emptyLead={t('myPatients.noRecords')}
        />
      </div>
    </>
  )
}
