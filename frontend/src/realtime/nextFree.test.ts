import { expect, test } from 'vitest'
import type { DoctorCard } from '../api/shapes'
import type { EventIn } from './frames'
import { nextFreeAfter, withFreed } from './nextFree'

function card(next_free: string | null): DoctorCard {
  return { id: 2, name: '', specialization: '', time_zone: 'UTC', appointment_duration: 30, next_free }
}

function slotEvent(start: string, state: 'free' | 'held' | 'taken'): EventIn<'slots.'> {
  const data = { start, end: start, appointment_date: '', start_time: '', state }
  return { op: 'event', topic: 'slots.2', seq: 1, id: '', type: 'slot.taken', at: '', actor: null, data }
}

const TEN = '2026-11-23T10:00:00Z'
const ELEVEN = '2026-11-23T11:00:00Z'

test('a lost next time must be asked for', () => {
  expect(nextFreeAfter([card(TEN)], 2, slotEvent(TEN, 'taken'))).toBe('ask')
  expect(nextFreeAfter([card(TEN)], 2, slotEvent('2026-11-23T11:00:00+01:00', 'held'))).toBe('ask')
})

test('a later time that goes changes nothing', () => {
  expect(nextFreeAfter([card(TEN)], 2, slotEvent(ELEVEN, 'taken'))).toBe('known')
  expect(withFreed([card(TEN)], 2, slotEvent(ELEVEN, 'taken'))).toEqual([card(TEN)])
})

test('changed hours must be asked for', () => {
  expect(
    nextFreeAfter([card(TEN)], 2, { ...slotEvent(TEN, 'free'), type: 'hours.changed', data: { dates: [] } }),
  ).toBe('ask')
})

test('an earlier time that is freed is the next', () => {
  expect(withFreed([card(ELEVEN)], 2, slotEvent(TEN, 'free'))).toEqual([card(TEN)])
  expect(withFreed([card(null)], 2, slotEvent(TEN, 'free'))).toEqual([card(TEN)])
  expect(withFreed([card(TEN)], 2, slotEvent(ELEVEN, 'free'))).toEqual([card(TEN)])
})
