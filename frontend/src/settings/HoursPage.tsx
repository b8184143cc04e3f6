/** An admin sets any doctor's hours. */
import { Select, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { loadDoctorAccounts } from '../api/people'
import { nameOf } from '../app/useMe'
import { DoctorHours } from '../hours/DoctorHours'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { SettingsFrame } from './SettingsFrame'

export function HoursPage() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: '/settings/hours' })
  const search = useSearch({ from: '/inside/settings/hours' })
  const { data, error, refetch } = useQuery({
    queryKey: ['doctor-accounts'],
    queryFn: loadDoctorAccounts,
  })
  const doctors = data?.filter((doctor) => doctor.is_active) ?? []
  const chosen = doctors.find(({ id }) => id === search.doctor) ?? doctors[0]
  return (
    <SettingsFrame title={t('settings.hours')} lead={t('hours.adminLead')}>
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={460} radius="lg" aria-busy="true" />}
      {data && !chosen && (
        <EmptyState icon="users" title={t('hours.nobodyTitle')} lead={t('hours.nobodyLead')} />
      )}
      {chosen && (
        <>
          <Select
            label={t('hours.doctor')}
            data={doctors.map((doctor) => ({ value: String(doctor.id), label: nameOf(doctor) }))}
            value={String(chosen.id)}
            searchable
            allowDeselect={false}
            maw={420}
            onChange={(id) => id && void navigate({ search: { doctor: Number(id) }, replace: true })}
          />
          <DoctorHours key={chosen.id} doctorId={chosen.id} whose={chosen.id} />
        </>
      )}
    </SettingsFrame>
  )
}
