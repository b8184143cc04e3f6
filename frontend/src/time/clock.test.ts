import { describe, expect, test } from 'vitest'
import { addDays, dateOf, daysBetween, instantAt, minutesOf, timeOf, zoneName } from './clock'

describe('times', () => {
  test('are read in the zone that is asked for', () => {
    expect(timeOf('2026-11-23T09:30:00Z', { zone: 'Europe/Berlin', hours: '24' })).toBe('10:30')
    expect(timeOf('2026-11-23T09:30:00Z', { zone: 'America/New_York', hours: '24' })).toBe('04:30')
  })

  test('are read with twelve hours on request', () => {
    expect(timeOf('2026-11-23T13:05:00Z', { zone: 'UTC', hours: '12' })).toBe('1:05 PM')
    expect(timeOf('2026-11-23T00:05:00Z', { zone: 'UTC', hours: '12' })).toBe('12:05 AM')
  })

  test('show midnight as 00:00, not 24:00', () => {
    expect(timeOf('2026-11-23T00:00:00Z', { zone: 'UTC', hours: '24' })).toBe('00:00')
    expect(minutesOf('2026-11-23T00:00:00Z', 'UTC')).toBe(0)
  })

  test('follow the switch to summer time', () => {
    expect(timeOf('2026-03-29T00:59:00Z', { zone: 'Europe/Berlin', hours: '24' })).toBe('01:59')
    expect(timeOf('2026-03-29T01:00:00Z', { zone: 'Europe/Berlin', hours: '24' })).toBe('03:00')
  })
})

describe('dates', () => {
  test('are those of the zone, not of the device', () => {
    expect(dateOf('2026-11-23T23:30:00Z', 'Europe/Berlin')).toBe('2026-11-24')
    expect(dateOf('2026-11-24T02:30:00Z', 'America/New_York')).toBe('2026-11-23')
  })

  test('move by whole days across the clock change', () => {
    expect(addDays('2026-10-24', 2)).toBe('2026-10-26')
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2)
  })
})

describe('a zone', () => {
  test('is named by its place and its offset on that day', () => {
    expect(zoneName('Europe/Lisbon', '2026-07-01T12:00:00Z')).toBe('Lisbon time, GMT+1')
    expect(zoneName('America/New_York', '2026-12-01T12:00:00Z')).toBe('New York time, GMT-5')
  })
})

describe('a wall-clock time', () => {
  const iso = (date: string, hour: number, zone: string) =>
    new Date(instantAt(date, hour * 60, zone)).toISOString()

  test('is an instant of its zone', () => {
    expect(iso('2026-11-23', 9, 'Europe/Berlin')).toBe('2026-11-23T08:00:00.000Z')
    expect(iso('2026-11-23', 9, 'America/New_York')).toBe('2026-11-23T14:00:00.000Z')
    expect(iso('2026-11-23', 9, 'Asia/Kolkata')).toBe('2026-11-23T03:30:00.000Z')
  })

  test('is right on the days when the clocks change', () => {
    expect(iso('2026-03-29', 9, 'Europe/Berlin')).toBe('2026-03-29T07:00:00.000Z')
    expect(iso('2026-10-25', 9, 'Europe/Berlin')).toBe('2026-10-25T08:00:00.000Z')
    expect(iso('2026-10-25', 2, 'Europe/Berlin')).toBe('2026-10-25T00:00:00.000Z')
  })
})
