/** Another time for a visit that is booked: the old one beside the new one, until it is certain. */
import { Skeleton } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useNow } from '../time/useNow'
import { BackLink } from '../ui/BackLink'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { BookingWith } from './BookVisitPage'
import { mayMove, useMyAppointments } from './useMyAppointments'

export function MoveVisitPage() {
  const { t } = useTranslation()
  const now = useNow()
  const { appointmentId } = useParams({ from: '/inside/appointments/$appointmentId/move' })
  const { data, error, refetch } = useMyAppointments()
  const visit = data?.appointments.find(({ id }) => id === Number(appointmentId))
  return (
    <>
      <BackLink to="/appointments">{t('appointment.back')}</BackLink>
      {visit && mayMove(visit, now) && <BookingWith doctorId={visit.doctor.id} moving={visit} />}
      {data && !(visit && mayMove(visit, now)) && (
        <EmptyState icon="calendar" title={t('move.notTitle')} lead={t('move.notLead')} />
      )}
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={440} radius="lg" aria-busy="true" />}
    </>
  )
}
