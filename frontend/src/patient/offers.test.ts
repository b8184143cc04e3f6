import { expect, test } from 'vitest'
import type { Slot } from '../api/shapes'
import { type Loss, offersFor } from './offers'

const at = (time: string) => `2026-11-23T${time}:00Z`

function slot(start: string, end: string, state: Slot['state'] = 'free'): Slot {
  return { start: at(start), end: at(end), appointment_date: '2026-11-23', start_time: start, state }
}

const slots = [
  slot('09:00', '09:30', 'taken'),
  slot('09:30', '10:00'),
  slot('10:00', '10:30'),
  slot('10:30', '11:00'),
  slot('11:00', '11:30'),
  slot('11:30', '12:00', 'held'),
]

const lost: Loss = { code: 'slot_taken', start: at('10:00'), alternatives: [] }
const times = (offers: Slot[]) => offers.map(({ start_time }) => start_time)

test('the nearest free times are offered, in their order', () => {
  expect(times(offersFor(lost, slots, []))).toEqual(['09:30', '10:30', '11:00'])
})

test('times that the service names come first, as far as they are still free', () => {
  const named = { ...lost, alternatives: [at('11:00'), at('11:30')] }
  expect(times(offersFor(named, slots, []))).toEqual(['11:00'])
})

test('a time at which the patient is elsewhere is not offered', () => {
  const busy: Loss = {
    code: 'patient_busy',
    start: at('10:00'),
    alternatives: [at('10:00'), at('10:30'), at('11:00')],
  }
  const own = [{ start: at('10:00'), end: at('10:45'), status: 'SCHEDULED' as const }]
  expect(times(offersFor(busy, slots, own))).toEqual(['11:00'])
})

test('a visit that was cancelled is in nobody’s way', () => {
  const own = [{ start: at('10:30'), end: at('11:00'), status: 'CANCELLED' as const }]
  expect(times(offersFor(lost, slots, own))).toContain('10:30')
})
