/** A week of working hours while it is being edited: what is wrong with it, and which visits it leaves out. */
import type { Appointment, Availability } from '../api/shapes'
import { addDays, dateOf, instantAt, minutesOf, noonOf } from '../time/clock'

export const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const

export type Day = (typeof DAYS)[number]

/** Wall-clock times as they stand in the fields: `09:00`, or nothing yet. */
export interface Window {
  start: string
  end: string
}

export type Week = Record<Day, Window[]>

export interface Hours {
  week: Week
  /** As typed: a number, or nothing. */
  duration: number | ''
  mostPerDay: number | ''
  zone: string
}

export type WindowFault = 'incomplete' | 'backwards' | 'overlap'

export const USUAL_DAY: Window[] = [
  { start: '09:00', end: '12:00' },
  { start: '13:00', end: '17:00' },
]

export function hoursOf(availability: Availability): Hours {
  return {
    week: weekOf((day) =>
      (availability.available_days[day]?.windows ?? []).map(({ start_time = '', end_time = '' }) => ({
        start: start_time,
        end: end_time,
      })),
    ),
    duration: availability.appointment_duration,
    mostPerDay: availability.max_patients_per_day ?? '',
    zone: availability.time_zone,
  }
}

export function weekOf(windows: (day: Day) => Window[]): Week {
  return Object.fromEntries(DAYS.map((day) => [day, windows(day)])) as Week
}

/** Monday to Friday with a break at noon: something to start from. */
export function usualWeek(): Week {
  return weekOf((day) => (day === 'SATURDAY' || day === 'SUNDAY' ? [] : [...USUAL_DAY]))
}

export function isEmpty(week: Week): boolean {
  return DAYS.every((day) => week[day].length === 0)
}

export function availableDays(week: Week): Record<Day, unknown> {
  return Object.fromEntries(
    DAYS.map((day) => [
      day,
      week[day].length === 0
        ? { is_available: false }
        : {
            is_available: true,
            windows: week[day].map(({ start, end }) => ({ start_time: start, end_time: end })),
          },
    ]),
  ) as Record<Day, unknown>
}

/** What is wrong with each window of a day, by its place; windows that touch are fine. */
export function faultsOf(windows: Window[]): (WindowFault | undefined)[] {
  return windows.map((window, place) => {
    if (!window.start || !window.end) return 'incomplete'
    if (window.end <= window.start) return 'backwards'
    const met = windows.some(
      (other, otherPlace) => otherPlace !== place && other.start < window.end && window.start < other.end,
    )
    return met ? 'overlap' : undefined
  })
}

export function isSound(week: Week): boolean {
  return DAYS.every((day) => faultsOf(week[day]).every((fault) => fault === undefined))
}

/** After the last window there is room for another one, or there is none left in the day. */
export function nextWindow(windows: Window[]): Window {
  const end = windows
    .map((window) => window.end)
    .sort()
    .at(-1)
  if (!end || end >= '22:00') return { start: '', end: '' }
  const start = Math.ceil(minutesIn(end) / 60 + 1)
  return { start: clockAt(start * 60), end: clockAt(Math.min(start + 3, 23) * 60) }
}

export function minutesIn(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

function clockAt(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** How many minutes are worked in a week, and how many visits fit; windows that are wrong count for nothing. */
export function totals(week: Week, duration: number | '', mostPerDay: number | '') {
  let minutes = 0
  let visits = 0
  for (const day of DAYS) {
    const faults = faultsOf(week[day])
    const lengths = week[day]
      .filter((_, place) => faults[place] === undefined)
      .map(({ start, end }) => minutesIn(end) - minutesIn(start))
    minutes += lengths.reduce((sum, length) => sum + length, 0)
    const fit = duration ? lengths.reduce((sum, length) => sum + Math.floor(length / duration), 0) : 0
    visits += mostPerDay ? Math.min(fit, mostPerDay) : fit
  }
  return { minutes, visits }
}

const WEEKDAY_OF_SUNDAY = 0

export function weekdayOf(date: string): Day {
  const day = noonOf(date).getUTCDay()
  return DAYS[day === WEEKDAY_OF_SUNDAY ? 6 : day - 1] as Day
}

function isStillToCome(visit: Appointment, now: number): boolean {
  return visit.status === 'SCHEDULED' && Date.parse(visit.start) > now
}

/** Booked visits that these hours would leave outside: they stand, but somebody must decide. */
export function visitsOutside(visits: Appointment[], { week, zone }: Hours, now: number): Appointment[] {
  return visits.filter((visit) => {
    if (!isStillToCome(visit, now)) return false
    const start = minutesOf(visit.start, zone)
    const end = start + (Date.parse(visit.end) - Date.parse(visit.start)) / 60_000
    const windows = week[weekdayOf(dateOf(visit.start, zone))]
    return !windows.some((window) => minutesIn(window.start) <= start && end <= minutesIn(window.end))
  })
}

export function visitsWithin(
  visits: Appointment[],
  { start, end }: { start: number; end: number },
  now: number,
): Appointment[] {
  return visits.filter(
    (visit) => isStillToCome(visit, now) && Date.parse(visit.start) < end && Date.parse(visit.end) > start,
  )
}

export interface Absence {
  from: string
  to: string
  /** Nothing means from the beginning, or to the end, of the day. */
  fromTime: string
  toTime: string
}

/** The instants between which the doctor is away, or undefined while the dates are not all there. */
export function spanOf({ from, to, fromTime, toTime }: Absence, zone: string) {
  const last = to || from
  if (!from || !last) return undefined
  const start = instantAt(from, fromTime ? minutesIn(fromTime) : 0, zone)
  const end = toTime ? instantAt(last, minutesIn(toTime), zone) : instantAt(addDays(last, 1), 0, zone)
  return { start, end }
}
