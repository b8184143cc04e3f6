/** Today's appointments of all doctors, live. */
import { Select, Skeleton } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { useDayAppointments } from '../day/useDayAppointments'
import { useClinic } from '../settings/useClinic'
import { dateName, dateOf, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { ConfirmedMark } from '../ui/ConfirmedMark'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { PageHead } from '../ui/PageHead'
import { StatusBadge } from '../ui/StatusBadge'
import styles from './DeskPage.module.css'

const OPEN = new Set<Appointment['status']>(['SCHEDULED', 'ARRIVED', 'IN_PROGRESS'])

export function DeskPage() {
  const { t } = useTranslation()
  const clinic = useClinic()
  if (clinic.data) return <Board zone={clinic.data.time_zone} />
  return (
    <>
      <PageHead title={t('desk.title')} lead={t('desk.lead')} />
      {clinic.error ? (
        <ErrorNote error={clinic.error} title={t('error.loading')} onRetry={() => void clinic.refetch()} />
      ) : (
        <Skeleton height={420} radius="lg" aria-busy="true" />
      )}
    </>
  )
}

function Board({ zone }: { zone: string }) {
  const { t } = useTranslation()
  const now = useNow()
  const clock = useClock(zone)
  const date = dateOf(now, zone)
  const { data, error, refetch } = useDayAppointments(date)
  const [doctor, setDoctor] = useState<string | null>(null)
  const all = data?.appointments
  const doctors = useMemo(() => {
    const names = new Map(all?.map((each) => [String(each.doctor.id), each.doctor.name]))
    return [...names]
      .map(([value, label]) => ({ value, label }))
      .sort((a, b) => a.label.localeCompare(b.label))
  }, [all])
  const shown = all?.filter((each) => !doctor || String(each.doctor.id) === doctor) ?? []
  // What is still open stays on top, however late it is.
  const coming = shown.filter((each) => OPEN.has(each.status))
  const over = shown.filter((each) => !OPEN.has(each.status))
  const day = dateName(date, { weekday: 'long', day: 'numeric', month: 'long' })

  return (
    <>
      <PageHead
        title={t('desk.title')}
        lead={
          <>
            {day} · {zoneName(clock.zone, now)}
          </>
        }
      >
        <Select
          aria-label={t('desk.filter')}
          placeholder={t('desk.allDoctors')}
          clearable
          searchable
          data={doctors}
          value={doctor}
          onChange={setDoctor}
        />
      </PageHead>
      {!all && error && <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />}
      {!all && !error && <Skeleton height={420} radius="lg" aria-busy="true" />}
      {all?.length === 0 && (
        <EmptyState icon="calendar" title={t('desk.emptyTitle')} lead={t('desk.emptyLead')} />
      )}
      {all && all.length > 0 && shown.length === 0 && (
        <EmptyState icon="calendar" title={t('desk.filteredTitle')} lead={t('desk.filteredLead')} />
      )}
      {shown.length > 0 && (
        <div className={styles.frame}>
          <table className={styles.table} data-testid="desk-board">
            <caption className="visually-hidden">{t('desk.caption', { day })}</caption>
            <thead>
              <tr>
                <th scope="col">{t('desk.time')}</th>
                <th scope="col">{t('desk.patient')}</th>
                <th scope="col">{t('desk.doctor')}</th>
                <th scope="col">{t('desk.status')}</th>
              </tr>
            </thead>
            <Part name={t('desk.coming')} appointments={coming} now={now} zone={zone} />
            <Part name={t('desk.over')} appointments={over} now={now} zone={zone} />
          </table>
        </div>
      )}
    </>
  )
}

interface PartProps {
  name: string
  appointments: Appointment[]
  now: number
  zone: string
}

function Part({ name, appointments, now, zone }: PartProps) {
  if (appointments.length === 0) return null
  return (
    <tbody>
      <tr className={styles.part}>
        <th colSpan={4} scope="rowgroup">
          {name} <span className="numbers">{appointments.length}</span>
        </th>
      </tr>
      {appointments.map((appointment) => (
        <Row key={appointment.id} appointment={appointment} now={now} zone={zone} />
      ))}
    </tbody>
  )
}

function Row({ appointment, now, zone }: { appointment: Appointment; now: number; zone: string }) {
  const clock = useClock(zone)
  return (
    <tr
      data-late={(appointment.status === 'SCHEDULED' && Date.parse(appointment.end) < now) || undefined}
      data-cancelled={appointment.status === 'CANCELLED' || undefined}
    >
      <td className={styles.time}>
        {timeOf(appointment.start, clock)}
        <span> – {timeOf(appointment.end, clock)}</span>
      </td>
      <th scope="row" className={styles.patient}>
        {appointment.patient.name}
      </th>
      <td className={styles.doctor}>
        {appointment.doctor.name}
        {appointment.doctor.specialization && <span> · {appointment.doctor.specialization}</span>}
      </td>
      <td className={styles.status}>
        <StatusBadge status={appointment.status} />
        <ConfirmedMark appointment={appointment} />
      </td>
    </tr>
  )
}
