/** The patients a doctor is assigned to, by either kind of assignment. */
import { Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadOwnPatients } from '../api/assignments'
import type { PatientCard } from '../api/shapes'
import { useMe } from '../app/useMe'
import { concernsRecords } from '../realtime/records'
import { useTopic } from '../realtime/useTopic'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import { Pager } from '../ui/Pager'
import styles from './MyPatientsPage.module.css'
import { useBorn } from './useBorn'

const PAGE = 25
const TYPING_MS = 200
export const ownPatientsKey = ['own-patients']

export function MyPatientsPage() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/my-patients' })
  const navigate = useNavigate({ from: '/my-patients' })
  const [text, setText] = useState(search.q ?? '')
  const [q] = useDebouncedValue(text.trim(), TYPING_MS)
  const offset = search.offset ?? 0
  const { data, error, refetch } = useQuery({
    queryKey: [...ownPatientsKey, search.q ?? '', offset],
    queryFn: ({ signal }) =>
      loadOwnPatients({ ...(search.q ? { q: search.q } : {}), offset, limit: PAGE }, signal),
    placeholderData: keepPreviousData,
  })
  useOwnPatientsChanges()

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was typed is the reason, not what the address says
  useEffect(() => {
    if (q !== (search.q ?? '')) void navigate({ search: { q: q || undefined }, replace: true })
  }, [q])

  const turn = (to: number) => void navigate({ search: { q: search.q, offset: to || undefined } })
  return (
    <div className={styles.page}>
      <PageHead title={t('myPatients.title')} lead={t('myPatients.lead')} />
      {(search.q || !data || data.count > 0) && (
        <TextInput
          type="search"
          className={styles.search}
          label={t('patients.search')}
          description={t('patients.searchHint')}
          size="md"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={360} radius="lg" aria-busy="true" />}
      {data?.count === 0 && (
        <EmptyState
          icon="users"
          title={t(search.q ? 'patients.nobodyTitle' : 'myPatients.emptyTitle')}
          lead={t(search.q ? 'myPatients.nobodyLead' : 'myPatients.emptyLead')}
        />
      )}
      {data && data.patients.length > 0 && (
        <>
          <p className={styles.count}>{t('patients.count', { count: data.count })}</p>
          <ul className={styles.list} aria-label={t('myPatients.title')}>
            {data.patients.map((patient) => (
              <Patient key={patient.id} patient={patient} />
            ))}
          </ul>
        </>
      )}
      {data && data.count > PAGE && (
        <Pager
          label={t('patients.pages')}
          before={t('patients.previous')}
          after={t('patients.next')}
          offset={offset}
          count={data.count}
          page={PAGE}
          onTurn={turn}
        />
      )}
    </div>
  )
}

/** Asks again when an assignment begins or ends. */
export function useOwnPatientsChanges(): void {
  const client = useQueryClient()
  const load = () => void client.invalidateQueries({ queryKey: ownPatientsKey })
  useTopic(`user.${useMe().id}`, {
    load,
    event(event) {
      if (concernsRecords(event)) load()
    },
  })
}

function Patient({ patient }: { patient: PatientCard }) {
  const { t } = useTranslation()
  const born = useBorn(patient)
  return (
    <li>
      <Link
        to="/my-patients/$patientId"
        params={{ patientId: String(patient.id) }}
        className={styles.patient}
      >
        <Initials name={patient.name} size={40} />
        <span className={styles.body}>
          <span className={styles.name}>{patient.name}</span>
          <span className={styles.soft}>
            {[born, patient.phone_number, patient.email].filter(Boolean).join(' · ') || t('patients.nothing')}
          </span>
        </span>
        <Icon name="chevronRight" />
      </Link>
    </li>
  )
}
