/** One day of one doctor, drawn to scale, with the line of now. */
import { UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Appointment } from '../api/shapes'
import { type Clock, dateName, hourOf, instantAt, minutesOf, timeOf } from '../time/clock'
import { Icon } from '../ui/Icon'
import { statusIcons } from '../ui/statusIcons'
import styles from './DayCalendar.module.css'
import { lanesOf } from './lanes'

interface Props {
  date: string
  /** The zone whose day it is; the clock shows the times. */
  zone: string
  clock: Clock
  now: number
  appointments: Appointment[]
  /** Came in a moment ago. */
  fresh: ReadonlySet<number>
  onOpen: (appointment: Appointment) => void
}

const USUAL_FIRST_HOUR = 8
const USUAL_LAST_HOUR = 18
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export function DayCalendar({ date, zone, clock, now, appointments, fresh, onOpen }: Props) {
  const { t } = useTranslation()
  const [first, last] = hoursShown(appointments, zone)
  const top = instantAt(date, first * 60, zone)
  const bottom = instantAt(date, last * 60, zone)
  const shortest = Math.min(30, ...appointments.map(minutesLong))
  // A visit must be tall enough for its one line of text.
  const perMinute = Math.max(1.35, Math.min(3, 30 / shortest))
  const yOf = (instant: number) => ((instant - top) / MINUTE_MS) * perMinute
  const hours: number[] = []
  for (let hour = top; hour <= bottom; hour += HOUR_MS) hours.push(hour)
  const lanes = lanesOf(
    appointments.map(({ id, start, end }) => ({ id, start: Date.parse(start), end: Date.parse(end) })),
  )
  const day = dateName(date, { weekday: 'long', day: 'numeric', month: 'long' })

  return (
    <section
      aria-label={t('day.calendar', { day })}
      className={styles.calendar}
      style={{ height: yOf(bottom) }}
      data-testid="day-calendar"
    >
      {hours.map((hour) => (
        <div key={hour} className={styles.hour} style={{ top: yOf(hour) }} aria-hidden="true">
          <span>{hourOf(hour, clock)}</span>
        </div>
      ))}
      <ol className={styles.visits}>
        {appointments.map((appointment) => {
          const { lane, of } = lanes.get(appointment.id) ?? { lane: 0, of: 1 }
          const start = Date.parse(appointment.start)
          const height = Math.max(28, (Date.parse(appointment.end) - start) * (perMinute / MINUTE_MS) - 2)
          const times = { start: timeOf(start, clock), end: timeOf(appointment.end, clock) }
          return (
            <li
              key={appointment.id}
              style={{ top: yOf(start), height, left: `${(lane / of) * 100}%`, width: `${100 / of}%` }}
            >
              <UnstyledButton
                className={styles.visit}
                data-status={appointment.status}
                data-fresh={fresh.has(appointment.id) || undefined}
                data-past={Date.parse(appointment.end) < now || undefined}
                data-tall={height > 50 || undefined}
                onClick={() => onOpen(appointment)}
              >
                <span className={styles.patient}>{appointment.patient.name}</span>
                <span className={styles.times}>
                  {times.start}
                  <span className={styles.end}> – {times.end}</span>
                </span>
                <span className={styles.status}>
                  <Icon name={statusIcons[appointment.status]} size={14} />
                  <span className={styles.word}>{t(`appointment.status.${appointment.status}`)}</span>
                </span>
              </UnstyledButton>
            </li>
          )
        })}
      </ol>
      {now >= top && now <= bottom && (
        <div className={styles.now} style={{ top: yOf(now) }} data-testid="now-line">
          <span className="visually-hidden">{t('day.now', { time: timeOf(now, clock) })}</span>
          <span aria-hidden="true" className={styles.nowTime}>
            {timeOf(now, clock).replace(/ [AP]M/, '')}
          </span>
        </div>
      )}
    </section>
  )
}

function minutesLong({ start, end }: Appointment): number {
  return Math.max(5, (Date.parse(end) - Date.parse(start)) / MINUTE_MS)
}

/** The usual hours, and more where visits need it. */
function hoursShown(appointments: Appointment[], zone: string): [number, number] {
  const starts = appointments.map(({ start }) => Math.floor(minutesOf(start, zone) / 60))
  const ends = appointments.map((each) => Math.ceil((minutesOf(each.start, zone) + minutesLong(each)) / 60))
  return [Math.min(USUAL_FIRST_HOUR, ...starts), Math.max(USUAL_LAST_HOUR, ...ends)]
}
