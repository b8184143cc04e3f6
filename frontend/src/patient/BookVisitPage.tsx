/** Booking a visit on one page: a day, a time, a word about why. */
import { Button, Skeleton } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import type { Appointment, Named, Slot, SlotsOfDoctor } from '../api/shapes'
import { addDays, dateName, dateOf, ownZone, zoneName } from '../time/clock'
import { useTimePreferences } from '../time/preferences'
import { useClock } from '../time/useClock'
import { useNow } from '../time/useNow'
import { BackLink } from '../ui/BackLink'
import { Card } from '../ui/Card'
import { EmptyState } from '../ui/EmptyState'
import { ErrorNote } from '../ui/ErrorNote'
import { Icon } from '../ui/Icon'
import { PageHead } from '../ui/PageHead'
import { BookingForm } from './BookingForm'
import styles from './BookVisitPage.module.css'
import { MonthGrid } from './MonthGrid'
import { SlotTimes } from './SlotTimes'
import { useSlots } from './useSlots'

/** Six weeks show every next free time people book ahead, in one answer of a size that loads at once. */
const DAYS_AHEAD = 41

export function BookVisitPage() {
  const { t } = useTranslation()
  const { doctorId } = useParams({ from: '/inside/doctors/$doctorId' })
  return (
    <>
      <BackLink to="/doctors">{t('book.back')}</BackLink>
      <BookingWith key={doctorId} doctorId={Number(doctorId)} />
    </>
  )
}

interface WithProps {
  doctorId: number
  /** Whom staff book for; patients book for themselves. */
  patient?: Named
  /** The visit that gets another time, instead of a new one. */
  moving?: Appointment
  onBooked?: (appointment: Appointment) => void
}

/** The picker of one doctor's times with the form beside it. */
export function BookingWith({ doctorId, patient, moving, onBooked }: WithProps) {
  const { t } = useTranslation()
  // The window stays as it was when the page was opened; past times leave on their own.
  const [from] = useState(() => dateOf(Date.now(), ownZone()))
  // A doctor further west may still have yesterday.
  const window = useMemo(() => ({ from: addDays(from, -1), to: addDays(from, DAYS_AHEAD) }), [from])
  const { data, error, refetch } = useSlots(doctorId, window)

  return (
    <>
      {data && <Booking data={data} to={window.to} patient={patient} moving={moving} onBooked={onBooked} />}
      {!data && error && isGone(error) && (
        <EmptyState isPage={!patient} icon="users" title={t('book.goneTitle')} lead={t('book.goneLead')}>
          {!patient && (
            <Button renderRoot={(props) => <Link to="/doctors" {...props} />}>{t('book.noneAction')}</Button>
          )}
        </EmptyState>
      )}
      {!data && error && !isGone(error) && (
        <ErrorNote error={error} title={t('error.loading')} onRetry={() => void refetch()} />
      )}
      {!data && !error && <Loading />}
    </>
  )
}

function isGone(error: Error): boolean {
  return error instanceof Problem && error.status === 404
}

interface BookingProps extends Omit<WithProps, 'doctorId'> {
  data: SlotsOfDoctor
  to: string
}

function Booking({ data, to, patient, moving, onBooked }: BookingProps) {
  const { t } = useTranslation()
  const now = useNow()
  const clock = useClock(data.time_zone)
  const shownIn = useTimePreferences().zone
  const form = useRef<HTMLDivElement>(null)
  const [wantedDay, setWantedDay] = useState<string>()
  const [wanted, setWanted] = useState<Slot>()

  const coming = useMemo(() => data.slots.filter(({ start }) => Date.parse(start) > now), [data.slots, now])
  const free = useMemo(() => countFree(coming), [coming])
  // The day that was offered first stays, even when its last time goes.
  const [firstDay] = useState(() => [...free.keys()][0])
  const day = wantedDay ?? firstDay ?? [...free.keys()][0]
  const ofDay = useMemo(
    () => coming.filter(({ appointment_date }) => appointment_date === day),
    [coming, day],
  )

  function choose(slot: Slot) {
    setWanted(slot)
    setWantedDay(slot.appointment_date)
    // Stacked on a small screen the form is below the times.
    if (globalThis.window.matchMedia('(max-width: 1000px)').matches) {
      requestAnimationFrame(() => form.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' }))
    }
  }

  const { name, specialization } = data.doctor
  return (
    <>
      {!patient && (
        <PageHead title={t(moving ? 'move.title' : 'book.title', { name })} lead={specialization} />
      )}
      <div className={styles.columns}>
        <Card className={styles.picker}>
          {free.size === 0 && !day ? (
            <EmptyState icon="calendar" title={t('book.noneTitle')} lead={t('book.noneLead')}>
              {!patient && (
                <Button variant="default" renderRoot={(props) => <Link to="/doctors" {...props} />}>
                  {t('book.noneAction')}
                </Button>
              )}
            </EmptyState>
          ) : (
            <>
              <section aria-label={t('book.pickDay')} className={styles.days}>
                <MonthGrid
                  from={dateOf(now, data.time_zone)}
                  to={to}
                  free={free}
                  chosen={day}
                  onChoose={setWantedDay}
                />
              </section>
              <section aria-label={t('book.pickTime')} className={styles.times} data-testid="slots">
                <h2 className={styles.dayName}>
                  {day && dateName(day, { weekday: 'long', day: 'numeric', month: 'long' })}
                </h2>
                <p className={styles.zone}>
                  <Icon name="clock" size={15} />
                  <span>
                    {t('book.inZone', { zone: zoneName(clock.zone, ofDay[0]?.start ?? now) })}
                    {shownIn === 'own' && clock.zone !== data.time_zone && <> {t('book.clinicDay')}</>}
                  </span>
                </p>
                <SlotTimes
                  key={day}
                  slots={ofDay}
                  zone={data.time_zone}
                  clock={clock}
                  chosen={wanted?.start}
                  onChoose={choose}
                />
              </section>
            </>
          )}
        </Card>
        <div ref={form} className={styles.form}>
          <BookingForm
            doctor={data.doctor}
            zone={data.time_zone}
            patient={patient}
            moving={moving}
            onBooked={onBooked}
            slots={coming}
            chosen={wanted}
            onChoose={choose}
            onLost={() => setWanted(undefined)}
          />
        </div>
      </div>
    </>
  )
}

function countFree(slots: Slot[]): Map<string, number> {
  const count = new Map<string, number>()
  for (const { appointment_date, state } of slots) {
    if (state === 'free') count.set(appointment_date, (count.get(appointment_date) ?? 0) + 1)
  }
  return count
}

function Loading() {
  const { t } = useTranslation()
  return (
    <div aria-busy="true">
      <span className="visually-hidden">{t('loading')}</span>
      <Skeleton height={36} width={320} mb={8} />
      <Skeleton height={20} width={160} mb={28} />
      <div className={styles.columns}>
        <Skeleton height={440} radius="lg" />
        <Skeleton height={380} radius="lg" />
      </div>
    </div>
  )
}
