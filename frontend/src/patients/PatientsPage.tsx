/** The clinic's patients for those who answer the phone: find one, add one, book for one. */
import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadPatients } from '../api/people'
import type { User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import styles from '../settings/forms.module.css'
import { dateName } from '../time/clock'
import { Dialog } from '../ui/Dialog'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import { NewPatientForm } from './NewPatientForm'
import own from './PatientsPage.module.css'

const PAGE = 25
const TYPING_MS = 200

export function PatientsPage() {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/patients' })
  const navigate = useNavigate({ from: '/patients' })
  const [text, setText] = useState(search.q ?? '')
  const [q] = useDebouncedValue(text.trim(), TYPING_MS)
  const [adding, setAdding] = useState(false)
  const offset = search.offset ?? 0
  const { data, error, refetch } = useQuery({
    queryKey: ['patients', search.q ?? '', offset],
    queryFn: ({ signal }) =>
      loadPatients({ ...(search.q ? { q: search.q } : {}), offset, limit: PAGE }, signal),
    placeholderData: keepPreviousData,
  })

  useEffect(() => {
    if (q !== (search.q ?? '')) void navigate({ search: { q: q || undefined }, replace: true })
  }, [q, search.q, navigate])

  const patients = data?.patients ?? []
  return (
    <div className={own.page}>
      <PageHead title={t('patients.title')} lead={t('patients.lead')}>
        <Button leftSection={<Icon name="user" />} onClick={() => setAdding(true)}>
          {t('patients.add')}
        </Button>
      </PageHead>
      <TextInput
        type="search"
        className={own.search}
        label={t('patients.search')}
        description={t('patients.searchHint')}
        size="md"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={360} radius="lg" aria-busy="true" />}
      {data?.count === 0 && (
        <EmptyState
          icon="users"
          title={t(search.q ? 'patients.nobodyTitle' : 'patients.emptyTitle')}
          lead={t(search.q ? 'patients.nobodyLead' : 'patients.emptyLead')}
        />
      )}
      {patients.length > 0 && (
        <>
          <p className={own.count}>{t('patients.count', { count: data?.count ?? 0 })}</p>
          <ul className={own.list} aria-label={t('patients.title')}>
            {patients.map((patient) => (
              <Patient key={patient.id} patient={patient} />
            ))}
          </ul>
          <Pages offset={offset} count={data?.count ?? 0} q={search.q} />
        </>
      )}
      <Dialog opened={adding} onClose={() => setAdding(false)} title={t('patients.add')}>
        <NewPatientForm
          onAdded={(person) =>
            void navigate({ to: '/patients/$patientId/book', params: { patientId: String(person.id) } })
          }
        />
      </Dialog>
    </div>
  )
}

function Patient({ patient }: { patient: User }) {
  const { t } = useTranslation()
  const name = nameOf(patient)
  const born =
    patient.date_of_birth &&
    t('patients.bornOn', {
      date: dateName(patient.date_of_birth, { day: 'numeric', month: 'long', year: 'numeric' }),
    })
  return (
    <li className={own.patient}>
      <Initials name={name} size={40} />
      <span className={styles.grow}>
        <Link to="/patients/$patientId" params={{ patientId: String(patient.id) }} className={own.name}>
          {name}
        </Link>
        {!patient.is_active && <span className={styles.soft}> · {t('staff.closed')}</span>}
        <br />
        <span className={styles.soft}>
          {[born, patient.phone_number, patient.email].filter(Boolean).join(' · ') || t('patients.nothing')}
        </span>
      </span>
      {patient.is_active && (
        <Button
          variant="default"
          aria-label={t('patients.bookVisitOf', { name })}
          renderRoot={(props) => (
            <Link to="/patients/$patientId/book" params={{ patientId: String(patient.id) }} {...props} />
          )}
        >
          {t('patients.book')}
        </Button>
      )}
    </li>
  )
}

function Pages({ offset, count, q }: { offset: number; count: number; q: string | undefined }) {
  const { t } = useTranslation()
  if (count <= PAGE && offset === 0) return null
  const to = (other: number) => ({ q, offset: other || undefined })
  return (
    <nav aria-label={t('patients.pages')} className={own.pages}>
      {offset > 0 && (
        <Button
          variant="default"
          leftSection={<Icon name="chevronLeft" />}
          renderRoot={(props) => <Link to="/patients" search={to(Math.max(0, offset - PAGE))} {...props} />}
        >
          {t('patients.previous')}
        </Button>
      )}
      <span className="numbers">
        {t('patients.range', { from: offset + 1, to: Math.min(offset + PAGE, count), count })}
      </span>
      {offset + PAGE < count && (
        <Button
          variant="default"
          rightSection={<Icon name="chevronRight" />}
          renderRoot={(props) => <Link to="/patients" search={to(offset + PAGE)} {...props} />}
        >
          {t('patients.next')}
        </Button>
      )}
    </nav>
  )
}
