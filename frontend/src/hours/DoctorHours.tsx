/** All that decides when one doctor can be booked: the week, the numbers, the time off. */
import { Skeleton } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { loadAppointments } from '../api/appointments'
import { loadAvailability, type Whose } from '../api/schedules'
import { useTopic } from '../realtime/useTopic'
import { addDays, dateOf } from '../time/clock'
import { useNow } from '../time/useNow'
import { showToast } from '../ui/announcements'
import { ErrorNote } from '../ui/ErrorNote'
import { Section } from '../ui/Section'
import { AvailabilityForm } from './AvailabilityForm'
import { TimeOffEditor, timeOffKey } from './TimeOffEditor'

interface Props {
  doctorId: number
  whose: Whose
}

export function useAvailability(whose: Whose) {
  return useQuery({ queryKey: ['availability', whose], queryFn: () => loadAvailability(whose) })
}

/** What is booked with a doctor from now on. */
export function useComingVisits(doctorId: number) {
  const now = useNow()
  // A day early: the clinic's date may be behind the doctor's.
  const from = addDays(dateOf(now, 'UTC'), -1)
  return useQuery({
    queryKey: ['appointments', 'coming', doctorId, from],
    queryFn: ({ signal }) => loadAppointments({ from, doctor: doctorId }, signal),
  })
}

export function DoctorHours({ doctorId, whose }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data, error, refetch } = useAvailability(whose)
  const visits = useComingVisits(doctorId).data?.appointments ?? []
  const load = () => {
    void client.invalidateQueries({ queryKey: ['availability', whose] })
    void client.invalidateQueries({ queryKey: timeOffKey(whose) })
    void client.invalidateQueries({ queryKey: ['appointments', 'coming', doctorId] })
  }
  // Bookings, hours and time off all show in the doctor's slots.
  useTopic(`slots.${doctorId}`, { event: load, load })

  if (!data) {
    return error ? (
      <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
    ) : (
      <Skeleton height={460} radius="lg" aria-busy="true" />
    )
  }
  return (
    <>
      <Section title={t('hours.title')} lead={t('hours.lead')}>
        <AvailabilityForm
          key={doctorId}
          whose={whose}
          availability={data}
          visits={visits}
          submit={t('hours.save')}
          onSaved={(availability) => {
            client.setQueryData(['availability', whose], availability)
            showToast(t('hours.saved'))
          }}
        />
      </Section>
      <Section title={t('timeOff.title')} lead={t('timeOff.lead')}>
        <TimeOffEditor key={doctorId} whose={whose} zone={data.time_zone} visits={visits} />
      </Section>
    </>
  )
}
