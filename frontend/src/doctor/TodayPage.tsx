/** A doctor's day: the calendar, what comes next, and what has changed, true without reloading. */
import { ActionIcon, Button, Skeleton } from '@mantine/core'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { useMe } from '../app/useMe'
import { DayCalendar } from '../day/DayCalendar'
import { useDayAppointments } from '../day/useDayAppointments'
import { type EventFrame, isOf } from '../realtime/frames'
import { addDays, dateName, dateOf, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { announce } from '../ui/announcements'
import { Card } from '../ui/Card'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import { StatusBadge } from '../ui/StatusBadge'
import { AppointmentDialog } from './AppointmentDialog'
import { NewAssignments } from './NewAssignments'
import styles from './TodayPage.module.css'

const FRESH_MS = 6_000

export function TodayPage() {
  const { t } = useTranslation()
  const { id: myId, time_zone: zone } = useMe()
  const clock = useClock(zone)
  const now = useNow()
  const navigate = useNavigate({ from: '/today' })
  const { date: asked, appointment: openId } = useSearch({ from: '/inside/today' })
  const today = dateOf(now, zone)
  const date = asked ?? today
  const [fresh, setFresh] = useState<ReadonlySet<number>>(new Set())

  function heard(event: EventFrame) {
    if (!isOf(event, 'appointment')) return
    const { id, patient, start, appointment_date } = event.data
    if (appointment_date !== date) return
    const what = { patient: patient.name, time: timeOf(start, clock) }
    if (event.type === 'appointment.cancelled') announce(t('day.cancelledNow', what))
    if (event.type !== 'appointment.booked') return
    announce(t('day.arrivedNow', what))
    setFresh((before) => new Set([...before, id]))
    setTimeout(() => setFresh((before) => new Set([...before].filter((each) => each !== id))), FRESH_MS)
  }

  const { data, error, refetch } = useDayAppointments(date, { doctor: myId, after: heard })
  const all = data?.appointments ?? []
  const shown = all.filter(({ status }) => status !== 'CANCELLED')
  const cancelled = all.filter(({ status }) => status === 'CANCELLED')
  const open = all.find(({ id }) => id === openId)

  function show(appointment: number | undefined) {
    void navigate({ search: (before) => ({ ...before, appointment }), resetScroll: false })
  }

  const dayTitle = dateName(date, { weekday: 'long', day: 'numeric', month: 'long' })
  return (
    <>
      <PageHead
        title={date === today ? t('day.title') : t('day.otherTitle')}
        lead={
          <>
            {dayTitle} · {zoneName(clock.zone, now)}
          </>
        }
      >
        {date !== today && (
          <Button variant="default" renderRoot={(props) => <Link to="/today" {...props} />}>
            {t('day.toToday')}
          </Button>
        )}
        <DayStep to={addDays(date, -1)} today={today} label={t('day.previous')} icon="chevronLeft" />
        <DayStep to={addDays(date, 1)} today={today} label={t('day.next')} icon="chevronRight" />
      </PageHead>
      {!data && error ? (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      ) : (
        <div className={styles.columns}>
          <Card className={styles.calendar}>
            {data ? (
              <>
                {shown.length === 0 && (
                  <div className={styles.empty}>
                    <Icon name="calendar" />
                    <div>
                      <strong>{t('day.emptyTitle')}</strong>
                      <p>{t('day.emptyLead')}</p>
                    </div>
                  </div>
                )}
                <DayCalendar
                  date={date}
                  zone={zone}
                  clock={clock}
                  now={now}
                  appointments={shown}
                  fresh={fresh}
                  onOpen={({ id }) => show(id)}
                />
              </>
            ) : (
              <Skeleton height={830} aria-busy="true" />
            )}
          </Card>
          <div className={styles.side}>
            <Numbers loading={!data} shown={shown} cancelled={cancelled} />
            <UpNext
              loading={!data}
              next={shown.filter((each) => each.status === 'SCHEDULED' && Date.parse(each.end) > now)}
              isToday={date === today}
              zone={zone}
              onOpen={show}
            />
            <NewAssignments />
            {cancelled.length > 0 && (
              <Card>
                <h2 className={styles.title}>{t('day.cancelledList')}</h2>
                <Lines appointments={cancelled} zone={zone} onOpen={show} />
              </Card>
            )}
          </div>
        </div>
      )}
      <AppointmentDialog appointment={open} zone={zone} onClose={() => show(undefined)} />
    </>
  )
}

interface StepProps {
  to: string
  today: string
  label: string
  icon: 'chevronLeft' | 'chevronRight'
}

function DayStep({ to, today, label, icon }: StepProps) {
  return (
    <ActionIcon
      variant="default"
      size={36}
      aria-label={label}
      renderRoot={(props) => (
        <Link to="/today" search={{ date: to === today ? undefined : to }} resetScroll={false} {...props} />
      )}
    >
      <Icon name={icon} />
    </ActionIcon>
  )
}

function Numbers(props: { loading: boolean; shown: Appointment[]; cancelled: Appointment[] }) {
  const { t } = useTranslation()
  const { loading, shown, cancelled } = props
  const numbers = [
    [t('day.booked'), shown.length],
    [t('day.done'), shown.filter(({ status }) => status === 'COMPLETED').length],
    [t('day.cancelledCount'), cancelled.length],
  ] as const
  return (
    <Card>
      <h2 className="visually-hidden">{t('day.summary')}</h2>
      <dl className={styles.numbers}>
        {numbers.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="numbers">{loading ? '–' : value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

interface UpNextProps {
  loading: boolean
  next: Appointment[]
  isToday: boolean
  zone: string
  onOpen: (id: number) => void
}

function UpNext({ loading, next, isToday, zone, onOpen }: UpNextProps) {
  const { t } = useTranslation()
  return (
    <Card>
      <h2 className={styles.title}>{t('day.upNext')}</h2>
      {loading && <Skeleton height={132} />}
      {!loading && next.length === 0 && (
        <p className={styles.nothing}>{t(isToday ? 'day.nothingNext' : 'day.nothingNextOther')}</p>
      )}
      {next.length > 0 && <Lines appointments={next.slice(0, 3)} zone={zone} onOpen={onOpen} />}
    </Card>
  )
}

interface LinesProps {
  appointments: Appointment[]
  zone: string
  onOpen: (id: number) => void
}

function Lines({ appointments, zone, onOpen }: LinesProps) {
  const clock = useClock(zone)
  return (
    <ul className={styles.lines}>
      {appointments.map((appointment) => (
        <li key={appointment.id}>
          <button type="button" className={styles.line} onClick={() => onOpen(appointment.id)}>
            <span className={styles.lineTime}>{timeOf(appointment.start, clock)}</span>
            <span className={styles.lineName}>{appointment.patient.name}</span>
            <StatusBadge status={appointment.status} />
          </button>
        </li>
      ))}
    </ul>
  )
}
