import { describe, expect, test } from 'vitest'
import type { Appointment, Availability } from '../api/shapes'
import {
  availableDays,
  faultsOf,
  type Hours,
  hoursOf,
  isEmpty,
  isSound,
  nextWindow,
  spanOf,
  totals,
  usualWeek,
  visitsOutside,
  visitsWithin,
  weekdayOf,
  weekOf,
} from './week'

const NOW = Date.parse('2027-03-01T00:00:00Z')

function visit(start: string, minutes = 30, status: Appointment['status'] = 'SCHEDULED'): Appointment {
  const end = new Date(Date.parse(start) + minutes * 60_000).toISOString()
  return { id: 1, start, end, status } as Appointment
}

function hours(change: Partial<Hours> = {}): Hours {
  return { week: usualWeek(), duration: 30, mostPerDay: '', zone: 'UTC', ...change }
}

describe('a week', () => {
  test('is read from the service and written back as it was', () => {
    const days = availableDays(usualWeek()) as Availability['available_days']
    const read = hoursOf({
      available_days: days,
      appointment_duration: 20,
      max_patients_per_day: null,
      time_zone: 'Europe/Berlin',
    })
    expect(read).toEqual({ week: usualWeek(), duration: 20, mostPerDay: '', zone: 'Europe/Berlin' })
    expect(availableDays(read.week)).toEqual(days)
    expect(days.SUNDAY).toEqual({ is_available: false })
  })

  test('without any window is empty', () => {
    expect(isEmpty(weekOf(() => []))).toBe(true)
    expect(isEmpty(usualWeek())).toBe(false)
  })

  test('says how much is worked and how many visits fit', () => {
    expect(totals(usualWeek(), 30, '')).toEqual({ minutes: 5 * 7 * 60, visits: 5 * 14 })
    expect(totals(usualWeek(), 50, '')).toEqual({ minutes: 5 * 7 * 60, visits: 5 * (3 + 4) })
    expect(totals(usualWeek(), 30, 10)).toEqual({ minutes: 5 * 7 * 60, visits: 50 })
    expect(totals(usualWeek(), '', '').visits).toBe(0)
  })
})

describe('a window', () => {
  test('must be complete, go forward and meet no other', () => {
    expect(faultsOf([{ start: '09:00', end: '' }])).toEqual(['incomplete'])
    expect(faultsOf([{ start: '09:00', end: '09:00' }])).toEqual(['backwards'])
    expect(
      faultsOf([
        { start: '09:00', end: '12:00' },
        { start: '11:59', end: '13:00' },
      ]),
    ).toEqual(['overlap', 'overlap'])
    expect(isSound(weekOf(() => [{ start: '', end: '' }]))).toBe(false)
  })

  test('may begin where another ends', () => {
    const windows = [
      { start: '12:00', end: '13:00' },
      { start: '09:00', end: '12:00' },
    ]
    expect(faultsOf(windows)).toEqual([undefined, undefined])
  })

  test('that is added comes an hour after the last', () => {
    expect(nextWindow([{ start: '09:00', end: '12:00' }])).toEqual({ start: '13:00', end: '16:00' })
    expect(nextWindow([{ start: '09:00', end: '11:30' }])).toEqual({ start: '13:00', end: '16:00' })
    expect(nextWindow([{ start: '09:00', end: '21:00' }])).toEqual({ start: '22:00', end: '23:00' })
    expect(nextWindow([{ start: '09:00', end: '23:00' }])).toEqual({ start: '', end: '' })
    expect(nextWindow([])).toEqual({ start: '', end: '' })
  })
})

describe('visits that new hours leave out', () => {
  test('are those that do not lie within one window, in the zone of the hours', () => {
    const within = visit('2027-03-01T09:00:00Z')
    const overNoon = visit('2027-03-01T11:45:00Z')
    const onSunday = visit('2027-03-07T09:00:00Z')
    const all = [within, overNoon, onSunday]
    expect(visitsOutside(all, hours(), NOW)).toEqual([overNoon, onSunday])
    expect(visitsOutside([within], hours({ zone: 'America/New_York' }), NOW)).toEqual([within])
  })

  test('are still to come and still booked', () => {
    const past = visit('2027-02-28T03:00:00Z')
    const cancelled = visit('2027-03-01T03:00:00Z', 30, 'CANCELLED')
    expect(visitsOutside([past, cancelled], hours(), NOW)).toEqual([])
  })
})

describe('time off', () => {
  const whole = { from: '2027-03-27', to: '2027-03-28', fromTime: '', toTime: '' }
  const iso = (span: { start: number; end: number } | undefined) =>
    span && [new Date(span.start).toISOString(), new Date(span.end).toISOString()]

  test('of whole days ends with the last of them, over the clock change too', () => {
    expect(iso(spanOf(whole, 'Europe/Berlin'))).toEqual([
      '2027-03-26T23:00:00.000Z',
      '2027-03-28T22:00:00.000Z',
    ])
    expect(iso(spanOf({ ...whole, to: '' }, 'UTC'))).toEqual([
      '2027-03-27T00:00:00.000Z',
      '2027-03-28T00:00:00.000Z',
    ])
  })

  test('of some hours is read in the doctor’s zone', () => {
    const span = spanOf({ ...whole, to: '', fromTime: '09:30', toTime: '11:00' }, 'Asia/Kolkata')
    expect(iso(span)).toEqual(['2027-03-27T04:00:00.000Z', '2027-03-27T05:30:00.000Z'])
  })

  test('without a date is none yet', () => {
    expect(spanOf({ ...whole, from: '', to: '' }, 'UTC')).toBeUndefined()
  })

  test('touches the visits that overlap it', () => {
    const inside = visit('2027-03-27T09:00:00Z')
    const before = visit('2027-03-26T23:30:00Z')
    const span = spanOf({ ...whole, to: '' }, 'UTC') as { start: number; end: number }
    expect(visitsWithin([before, inside], span, NOW)).toEqual([inside])
  })
})

test('a date knows its weekday', () => {
  expect(['2027-03-01', '2027-03-06', '2027-03-07'].map(weekdayOf)).toEqual(['MONDAY', 'SATURDAY', 'SUNDAY'])
})
