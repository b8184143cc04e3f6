/** One visit of the doctor's calendar: who, when, why, and calling it off. */
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { dayName, timeOf, zoneName } from '../time/clock'
import { useClock } from '../time/useClock'
import { CancelDialog } from '../ui/CancelDialog'
import { ConfirmedMark } from '../ui/ConfirmedMark'
import { Dialog } from '../ui/Dialog'
import { Initials } from '../ui/Initials'
import { StatusBadge } from '../ui/StatusBadge'
import styles from './AppointmentDialog.module.css'

interface Props {
  appointment: Appointment | undefined
  zone: string
  onClose: () => void
}

export function AppointmentDialog({ appointment, zone, onClose }: Props) {
  const { t } = useTranslation()
  const [cancelling, setCancelling] = useState(false)
  return (
    <>
      <Dialog
        opened={appointment !== undefined && !cancelling}
        onClose={onClose}
        title={t('appointment.title')}
      >
        {appointment && (
          <Details appointment={appointment} zone={zone} onCancel={() => setCancelling(true)} />
        )}
      </Dialog>
      {appointment && (
        <Cancelling
          appointment={appointment}
          zone={zone}
          opened={cancelling}
          onClose={() => setCancelling(false)}
        />
      )}
    </>
  )
}

interface DetailsProps {
  appointment: Appointment
  zone: string
  onCancel: () => void
}

function Details({ appointment, zone, onCancel }: DetailsProps) {
  const { t } = useTranslation()
  const clock = useClock(zone)
  const mayCancel = appointment.status === 'SCHEDULED' || appointment.status === 'ARRIVED'
  return (
    <div className={styles.body}>
      <div className={styles.top}>
        <Initials name={appointment.patient.name} size={48} />
        <h3 className={styles.name}>{appointment.patient.name}</h3>
        <ConfirmedMark appointment={appointment} />
        <StatusBadge status={appointment.status} />
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>{t('appointment.when')}</dt>
          <dd>
            {dayName(appointment.start, clock.zone)}
            <br />
            <span className="numbers">
              {timeOf(appointment.start, clock)} – {timeOf(appointment.end, clock)}
            </span>{' '}
            <span className={styles.soft}>{zoneName(clock.zone, appointment.start)}</span>
          </dd>
        </div>
        <div>
          <dt>{t('appointment.notes')}</dt>
          <dd className={styles.text}>
            {appointment.notes || <span className={styles.soft}>{t('day.noNotes')}</span>}
          </dd>
        </div>
        {appointment.status === 'CANCELLED' && appointment.reason && (
          <div>
            <dt>{t('appointment.reason')}</dt>
            <dd className={styles.text}>{appointment.reason}</dd>
          </div>
        )}
        <div>
          <dt>{t('appointment.reference')}</dt>
          <dd className="numbers">#{appointment.id}</dd>
        </div>
      </dl>
      <div className={styles.actions}>
        {appointment.health_record !== null && (
          <Button
            renderRoot={(props) => (
              <Link
                to="/records/$recordId"
                params={{ recordId: String(appointment.health_record) }}
                {...props}
              />
            )}
          >
            {t('day.openRecord')}
          </Button>
        )}
        <Button
          variant="default"
          renderRoot={(props) => (
            <Link
              to="/my-patients/$patientId"
              params={{ patientId: String(appointment.patient.id) }}
              {...props}
            />
          )}
        >
          {t('day.openPatient')}
        </Button>
        {mayCancel && (
          <Button variant="default" onClick={onCancel}>
            {t('appointment.cancel')}
          </Button>
        )}
      </div>
    </div>
  )
}

interface CancellingProps {
  appointment: Appointment
  zone: string
  opened: boolean
  onClose: () => void
}

function Cancelling({ appointment, zone, opened, onClose }: CancellingProps) {
  const clock = useClock(zone)
  const when = `${dayName(appointment.start, clock.zone)}, ${timeOf(appointment.start, clock)}`
  return (
    <CancelDialog
      key={appointment.id}
      appointment={appointment}
      name={appointment.patient.name}
      when={when}
      opened={opened}
      onClose={onClose}
    />
  )
}
