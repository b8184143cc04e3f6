/** One appointment of a patient, as it stands. */
import { Button, Skeleton } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { dayName, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { BackLink } from '../ui/BackLink'
import { CancelDialog } from '../ui/CancelDialog'
import { Card } from '../ui/Card'
import { ConfirmedMark } from '../ui/ConfirmedMark'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Initials } from '../ui/Initials'
import { PageHead } from '../ui/PageHead'
import { StatusBadge } from '../ui/StatusBadge'
import styles from './AppointmentPage.module.css'
import { mayCancel, mayMove, useMyAppointments } from './useMyAppointments'
import { useWhen } from './useWhen'
import { WillCome } from './WillCome'

export function AppointmentPage() {
  const { t } = useTranslation()
  const { appointmentId } = useParams({ from: '/inside/appointments/$appointmentId' })
  const { data, error, refetch } = useMyAppointments()
  const appointment = data?.appointments.find(({ id }) => id === Number(appointmentId))

  return (
    <div className={styles.page}>
      <BackLink to="/appointments">{t('appointment.back')}</BackLink>
      <PageHead title={t('appointment.title')} />
      {appointment && <Details appointment={appointment} />}
      {data && !appointment && (
        <EmptyState icon="calendar" title={t('appointment.goneTitle')} lead={t('appointment.goneLead')} />
      )}
      {!data && error && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Skeleton height={380} radius="lg" aria-busy="true" />}
    </div>
  )
}

function Details({ appointment }: { appointment: Appointment }) {
  const { t } = useTranslation()
  const now = useNow()
  const clock = useClock(appointment.time_zone)
  const when = useWhen(appointment)
  const [cancelling, setCancelling] = useState(false)
  return (
    <Card>
      <div className={styles.top}>
        <Initials name={appointment.doctor.name} size={52} />
        <div className={styles.doctor}>
          <h2 className={styles.name}>{appointment.doctor.name}</h2>
          <span className={styles.soft}>{appointment.doctor.specialization}</span>
        </div>
        <ConfirmedMark appointment={appointment} />
        <StatusBadge status={appointment.status} />
      </div>
      <dl className={styles.facts}>
        <Fact label={t('appointment.when')}>
          <strong>{dayName(appointment.start, clock.zone)}</strong>
          <span className="numbers">
            {timeOf(appointment.start, clock)} – {timeOf(appointment.end, clock)}
          </span>
          <span className={styles.soft}>{zoneName(clock.zone, appointment.start)}</span>
        </Fact>
        <Fact label={t('appointment.reference')}>
          <span className="numbers">#{appointment.id}</span>
        </Fact>
        {appointment.notes && (
          <Fact label={t('appointment.notes')}>
            <span className={styles.text}>{appointment.notes}</span>
          </Fact>
        )}
        {appointment.status === 'CANCELLED' && appointment.reason && (
          <Fact label={t('appointment.reason')}>
            <span className={styles.text}>{appointment.reason}</span>
          </Fact>
        )}
      </dl>
      <div className={styles.actions}>
        <WillCome appointment={appointment} />
        {mayMove(appointment, now) && (
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link
                to="/appointments/$appointmentId/move"
                params={{ appointmentId: String(appointment.id) }}
                {...props}
              />
            )}
          >
            {t('appointment.move')}
          </Button>
        )}
        {mayCancel(appointment, now) && (
          <Button variant="default" onClick={() => setCancelling(true)}>
            {t('appointment.cancel')}
          </Button>
        )}
        {appointment.status === 'CANCELLED' && (
          <Button
            renderRoot={(props) => (
              <Link to="/doctors/$doctorId" params={{ doctorId: String(appointment.doctor.id) }} {...props} />
            )}
          >
            {t('appointment.bookAgain')}
          </Button>
        )}
      </div>
      <CancelDialog
        appointment={appointment}
        name={appointment.doctor.name}
        when={when}
        opened={cancelling}
        onClose={() => setCancelling(false)}
      />
    </Card>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
