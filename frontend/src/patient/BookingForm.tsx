/** The chosen time, a word about why, and the one button. */
import { Button, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { book, reschedule } from '../api/appointments'
import { Problem } from '../api/problem'
import type { Appointment, Appointments, DoctorName, Named, Slot } from '../api/shapes'
import { putAppointment } from '../realtime/appointments'
import { useHealth } from '../realtime/health'
import { dayName, ownZone, timeOf, zoneName } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { useClock } from '../time/useClock'
import { announce, showToast } from '../ui/announcements'
import { useAttempt } from '../ui/attempt'
import { Card } from '../ui/Card'
import { ErrorNote } from '../ui/ErrorNote'
import styles from './BookingForm.module.css'
import { type Loss, offersFor } from './offers'
import { myAppointmentsKey, useMyAppointments } from './useMyAppointments'

interface Props {
  doctor: DoctorName
  zone: string
  /** Whom staff book for; patients book for themselves. */
  patient?: Named
  /** The visit that gets another time, instead of a new one. */
  moving?: Appointment
  /** Instead of the appointment's own page. */
  onBooked?: (appointment: Appointment) => void
  /** All coming times of the doctor, as they stand. */
  slots: Slot[]
  chosen: Slot | undefined
  onChoose: (slot: Slot) => void
  /** The chosen time is gone. */
  onLost: () => void
}

const NOTES_MOST = 2000

export function BookingForm(props: Props) {
  const { doctor, zone, patient, moving, onBooked, slots, chosen, onChoose, onLost } = props
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const clock = useClock(zone)
  const { hours } = useTimePreferences()
  const { staleSince } = useHealth()
  const attempt = useAttempt()
  const [notes, setNotes] = useState('')
  const [loss, setLoss] = useState<Loss>()
  const sending = useRef(false)
  const own = useMyAppointments(patient === undefined).data

  const booking = useMutation({
    mutationFn: (slot: Slot) => {
      if (moving) return reschedule(moving, slot.start, attempt.keyFor([moving.id, slot.start]))
      const content = {
        doctor_id: doctor.id,
        start: slot.start,
        ...(patient ? { patient_id: patient.id } : {}),
        ...(notes.trim() ? { notes: notes.trim() } : {}),
      }
      return book(content, attempt.keyFor(content))
    },
    onSuccess: (appointment) => {
      attempt.settled()
      client.setQueryData<Appointments>(
        myAppointmentsKey,
        (data) => data && putAppointment(data, appointment, () => true),
      )
      showToast(t(moving ? 'move.moved' : 'book.booked', { when: whenOf(appointment.start) }))
      if (onBooked) return onBooked(appointment)
      void navigate({
        to: '/appointments/$appointmentId',
        params: { appointmentId: String(appointment.id) },
      })
    },
    onError: (error, slot) => {
      sending.current = false
      if (!(error instanceof Problem) || error.isTransient) return
      attempt.settled()
      if (error.code === 'slot_taken' || error.code === 'patient_busy') {
        setLoss({ code: error.code, start: slot.start, alternatives: error.alternatives })
        announce(t(error.code === 'slot_taken' ? 'book.lost' : patient ? 'book.busyStaff' : 'book.busy'))
        onLost()
      }
    },
  })

  function whenOf(start: string): string {
    return `${dayName(start, clock.zone, 'short')}, ${timeOf(start, clock)}`
  }

  // Someone else took it before the button was pressed. While one's own booking is under way the loss is its effect.
  const state = slots.find(({ start }) => start === chosen?.start)?.state
  const gone = chosen !== undefined && state !== undefined && state !== 'free'
  useEffect(() => {
    if (!gone || !chosen || sending.current) return
    setLoss({ code: 'slot_taken', start: chosen.start, alternatives: [] })
    onLost()
  }, [gone, chosen, onLost])

  function submit(event: FormEvent) {
    event.preventDefault()
    if (!chosen || sending.current || staleSince !== null) return
    sending.current = true
    setLoss(undefined)
    booking.mutate(chosen)
  }

  function take(slot: Slot) {
    setLoss(undefined)
    booking.reset()
    onChoose(slot)
  }

  const title = t(moving ? 'move.theVisit' : patient ? 'book.theVisit' : 'book.yourVisit')
  const others = (own?.appointments ?? []).filter(({ id }) => id !== moving?.id)
  const shownError = booking.error && !loss ? booking.error : undefined
  return (
    <Card>
      <form onSubmit={submit} className={styles.form} aria-label={title}>
        <h2 className={styles.title}>{title}</h2>
        {loss && !chosen && (
          <LossNote
            loss={loss}
            error={booking.error ?? undefined}
            offered={offersFor(loss, slots, others)}
            isForSomebody={patient !== undefined}
            nameOf={(slot) => whenOf(slot.start)}
            onTake={take}
          />
        )}
        {moving && <OldTime moving={moving} />}
        {chosen ? (
          <dl className={styles.facts} data-testid="chosen">
            {patient && (
              <div>
                <dt>{t('book.for')}</dt>
                <dd>{patient.name}</dd>
              </div>
            )}
            <div>
              <dt>{t('book.with')}</dt>
              <dd>{doctor.name}</dd>
            </div>
            <div>
              <dt>{t(moving ? 'move.new' : 'book.when')}</dt>
              <dd>
                <strong>{dayName(chosen.start, clock.zone)}</strong>
                <span className="numbers">
                  {timeOf(chosen.start, clock)} – {timeOf(chosen.end, clock)}
                </span>
                <span className={styles.soft}>{zoneName(clock.zone, chosen.start)}</span>
              </dd>
            </div>
          </dl>
        ) : (
          !loss && <p className={styles.soft}>{t(moving ? 'move.chooseFirst' : 'book.chooseFirst')}</p>
        )}
        {!moving && (
          <Textarea
            label={t('book.notes')}
            description={t(patient ? 'book.notesHintStaff' : 'book.notesHint')}
            autosize
            minRows={3}
            maxRows={10}
            maxLength={NOTES_MOST}
            value={notes}
            onChange={(event) => setNotes(event.currentTarget.value)}
          />
        )}
        {shownError && <ErrorNote error={shownError} />}
        <div>
          <Button
            type="submit"
            size="md"
            fullWidth
            loading={booking.isPending}
            aria-disabled={!chosen || staleSince !== null}
            data-disabled={!chosen || staleSince !== null || undefined}
            aria-describedby={staleSince === null ? undefined : 'stale'}
          >
            {t(moving ? 'move.submit' : 'book.submit')}
          </Button>
          {staleSince !== null && (
            <p id="stale" className={styles.stale}>
              {t('connection.needsFresh', { time: timeOf(staleSince, { zone: ownZone(), hours }) })}
            </p>
          )}
        </div>
      </form>
    </Card>
  )
}

/** Where the visit is now; it stays there until the new time is certain. */
function OldTime({ moving }: { moving: Appointment }) {
  const { t } = useTranslation()
  const clock = useClock(moving.time_zone)
  return (
    <dl className={styles.old} data-testid="old-time">
      <div>
        <dt>{t('move.old')}</dt>
        <dd>
          <span>{dayName(moving.start, clock.zone)}</span>
          <span className="numbers">
            {timeOf(moving.start, clock)} – {timeOf(moving.end, clock)}
          </span>
        </dd>
      </div>
    </dl>
  )
}

interface LossProps {
  loss: Loss
  error: Error | undefined
  offered: Slot[]
  /** Staff are told of the patient, not of themselves. */
  isForSomebody: boolean
  nameOf: (slot: Slot) => string
  onTake: (slot: Slot) => void
}

function LossNote({ loss, error, offered, isForSomebody, nameOf, onTake }: LossProps) {
  const { t } = useTranslation()
  const busy = loss.code === 'patient_busy'
  const lead = busy ? 'book.busyLead' : offered.length > 0 ? 'book.lostLead' : 'book.lostNoOther'
  return (
    <ErrorNote
      error={error}
      title={t(busy ? (isForSomebody ? 'book.busyStaff' : 'book.busy') : 'book.lost')}
      lead={t(lead)}
    >
      <div className={styles.offers} data-testid="alternatives">
        {offered.map((slot) => (
          <Button
            key={slot.start}
            variant="default"
            size="compact-md"
            className="numbers"
            onClick={() => onTake(slot)}
          >
            {nameOf(slot)}
          </Button>
        ))}
      </div>
    </ErrorNote>
  )
}
