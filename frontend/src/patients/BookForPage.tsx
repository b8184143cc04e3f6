/** Booking for a patient who is on the phone or at the desk. */
import { Button, Select, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadPatient } from '../api/people'
import type { Appointment, User } from '../api/shapes'
import { nameOf } from '../app/useMe'
import { BookingWith } from '../patient/BookVisitPage'
import { useDoctors } from '../patient/useDoctors'
import { dayName, timeOf } from '../time/clock'
import { useClock } from '../time/useClock'
import { BackLink } from '../ui/BackLink'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { PageHead } from '../ui/PageHead'

export function BookForPage() {
  const { t } = useTranslation()
  const { patientId } = useParams({ from: '/inside/patients/$patientId/book' })
  const { data, error, refetch } = useQuery({
    queryKey: ['patients', 'one', patientId],
    queryFn: () => loadPatient(Number(patientId)),
  })
  return (
    <>
      <BackLink to="/patients">{t('bookFor.back')}</BackLink>
      {data && <BookFor key={data.id} patient={data} />}
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

function BookFor({ patient }: { patient: User }) {
  const { t } = useTranslation()
  const search = useSearch({ from: '/inside/patients/$patientId/book' })
  const navigate = useNavigate({ from: '/patients/$patientId/book' })
  const [booked, setBooked] = useState<Appointment>()
  const { data: doctors, error, refetch } = useDoctors()
  const name = nameOf(patient)
  if (booked) return <Booked appointment={booked} onAnother={() => setBooked(undefined)} />
  return (
    <>
      <PageHead title={t('bookFor.title', { name })} lead={t('bookFor.lead')}>
        <Select
          aria-label={t('bookFor.doctor')}
          placeholder={t('bookFor.doctor')}
          searchable
          allowDeselect={false}
          w={320}
          maw="100%"
          nothingFoundMessage={t('find.emptyTitle')}
          data={(doctors ?? []).map((doctor) => ({
            value: String(doctor.id),
            label: [doctor.name, doctor.specialization].filter(Boolean).join(' · '),
          }))}
          value={search.doctor ? String(search.doctor) : null}
          onChange={(id) => id && void navigate({ search: { doctor: Number(id) }, replace: true })}
        />
      </PageHead>
      {!doctors && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {search.doctor ? (
        <BookingWith
          key={search.doctor}
          doctorId={search.doctor}
          patient={{ id: patient.id, name }}
          onBooked={setBooked}
        />
      ) : (
        <EmptyState icon="search" title={t('bookFor.chooseTitle')} lead={t('bookFor.chooseLead')} />
      )}
    </>
  )
}

function Booked({ appointment, onAnother }: { appointment: Appointment; onAnother: () => void }) {
  const { t } = useTranslation()
  const clock = useClock(appointment.time_zone)
  const when = `${dayName(appointment.start, clock.zone)}, ${timeOf(appointment.start, clock)}`
  return (
    <EmptyState
      isPage
      icon="check"
      title={t('bookFor.bookedTitle', { name: appointment.patient.name })}
      lead={t('bookFor.bookedLead', { when, doctor: appointment.doctor.name, reference: appointment.id })}
    >
      <Button renderRoot={(props) => <Link to="/patients" {...props} />}>{t('bookFor.done')}</Button>
      <Button variant="default" ml={10} onClick={onAnother}>
        {t('bookFor.another')}
      </Button>
    </EmptyState>
  )
}
