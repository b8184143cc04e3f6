/** What a patient has booked, the next visit on top. */
import { Button, Skeleton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { addDays, dateOf, dayName, daysBetween, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { CancelDialog } from '../ui/CancelDialog'
import { Card } from '../ui/Card'
import { ConfirmedMark } from '../ui/ConfirmedMark'
import { DateTile } from '../ui/DateTile'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import { StatusBadge } from '../ui/StatusBadge'
import styles from './MyAppointmentsPage.module.css'
import { isComing, mayCancel, useMyAppointments } from './useMyAppointments'
import { useWhen } from './useWhen'
import { WillCome } from './WillCome'

const EARLIER_SHOWN = 5

export function MyAppointmentsPage() {
  const { t } = useTranslation()
  const now = useNow()
  const { data, error, refetch } = useMyAppointments()
  const all = data?.appointments
  const coming = all?.filter((each) => isComing(each, now)) ?? []
  const earlier = all?.filter((each) => !isComing(each, now)).toReversed() ?? []
  const [next, ...later] = coming

  return (
    <div className={styles.page}>
      <PageHead title={t('mine.title')}>
        {all && all.length > 0 && (
          <Button
            leftSection={<Icon name="search" />}
            renderRoot={(props) => <Link to="/doctors" {...props} />}
          >
            {t('mine.bookAnother')}
          </Button>
        )}
      </PageHead>
      {!all && error && <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />}
      {!all && !error && <Loading />}
      {all && all.length === 0 && (
        <EmptyState icon="calendar" title={t('mine.emptyTitle')} lead={t('mine.emptyLead')}>
          <Button renderRoot={(props) => <Link to="/doctors" {...props} />}>{t('mine.emptyAction')}</Button>
        </EmptyState>
      )}
      {all && all.length > 0 && (
        <div className={styles.sections}>
          {next ? (
            <NextVisit appointment={next} now={now} />
          ) : (
            <p className={styles.nothing}>{t('mine.nothingElse')}</p>
          )}
          {later.length > 0 && <Rows title={t('mine.upcoming')} appointments={later} />}
          {earlier.length > 0 && <Earlier appointments={earlier} />}
        </div>
      )}
    </div>
  )
}

function NextVisit({ appointment, now }: { appointment: Appointment; now: number }) {
  const { t } = useTranslation()
  const clock = useClock(appointment.time_zone)
  const when = useWhen(appointment)
  const [cancelling, setCancelling] = useState(false)
  const today = dateOf(now, clock.zone)
  const date = dateOf(appointment.start, clock.zone)
  const days = daysBetween(today, date)
  const near = date === today ? t('mine.today') : date === addDays(today, 1) ? t('mine.tomorrow') : undefined
  return (
    <section aria-labelledby="next">
      <h2 id="next" className={styles.heading}>
        {t('mine.next')}
      </h2>
      <Card className={styles.next} data-testid="next-appointment">
        <DateTile date={date} tone="brand" />
        <div className={styles.nextBody}>
          <p className={styles.nextTime}>
            <span className="numbers">
              {timeOf(appointment.start, clock)} – {timeOf(appointment.end, clock)}
            </span>
            <span className={styles.near}>{near ?? t('mine.inDays', { count: days })}</span>
          </p>
          <p className={styles.nextDay}>
            {dayName(appointment.start, clock.zone)} · {zoneName(clock.zone, appointment.start)}
          </p>
          <p className={styles.nextDoctor}>
            {appointment.doctor.name}
            {appointment.doctor.specialization && (
              <span className={styles.soft}> · {appointment.doctor.specialization}</span>
            )}
          </p>
        </div>
        <div className={styles.nextSide}>
          <ConfirmedMark appointment={appointment} />
          <StatusBadge status={appointment.status} />
          <div className={styles.nextActions}>
            <WillCome appointment={appointment} />
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link
                  to="/appointments/$appointmentId"
                  params={{ appointmentId: String(appointment.id) }}
                  {...props}
                />
              )}
            >
              {t('mine.details')}
            </Button>
            {mayCancel(appointment, now) && (
              <Button variant="subtle" onClick={() => setCancelling(true)}>
                {t('mine.cancel')}
              </Button>
            )}
          </div>
        </div>
      </Card>
      <CancelDialog
        key={appointment.id}
        appointment={appointment}
        name={appointment.doctor.name}
        when={when}
        opened={cancelling}
        onClose={() => setCancelling(false)}
      />
    </section>
  )
}

function Rows({ title, appointments }: { title: string; appointments: Appointment[] }) {
  return (
    <section aria-label={title}>
      <h2 className={styles.heading}>{title}</h2>
      <ul className={styles.rows}>
        {appointments.map((appointment) => (
          <Row key={appointment.id} appointment={appointment} />
        ))}
      </ul>
    </section>
  )
}

function Earlier({ appointments }: { appointments: Appointment[] }) {
  const { t } = useTranslation()
  const [all, setAll] = useState(false)
  const shown = all ? appointments : appointments.slice(0, EARLIER_SHOWN)
  return (
    <div>
      <Rows title={t('mine.past')} appointments={shown} />
      {shown.length < appointments.length && (
        <Button variant="subtle" mt="sm" onClick={() => setAll(true)}>
          {t('mine.showAll', { count: appointments.length })}
        </Button>
      )}
    </div>
  )
}

function Row({ appointment }: { appointment: Appointment }) {
  const clock = useClock(appointment.time_zone)
  return (
    <li>
      <Link
        to="/appointments/$appointmentId"
        params={{ appointmentId: String(appointment.id) }}
        className={styles.row}
      >
        <DateTile date={dateOf(appointment.start, clock.zone)} />
        <span className={styles.rowBody}>
          <span className={styles.rowName}>{appointment.doctor.name}</span>
          <span className={styles.soft}>
            <span className="numbers">{timeOf(appointment.start, clock)}</span> ·{' '}
            {zoneName(clock.zone, appointment.start)}
          </span>
        </span>
        <StatusBadge status={appointment.status} />
        <span className={styles.chevron}>
          <Icon name="chevronRight" />
        </span>
      </Link>
    </li>
  )
}

function Loading() {
  const { t } = useTranslation()
  return (
    <div className={styles.sections} aria-busy="true">
      <span className="visually-hidden">{t('loading')}</span>
      <div>
        <Skeleton height={20} width={160} mb={14} />
        <Skeleton height={126} radius="lg" />
      </div>
      <div>
        <Skeleton height={20} width={120} mb={14} />
        <Skeleton height={252} radius="lg" />
      </div>
    </div>
  )
}
