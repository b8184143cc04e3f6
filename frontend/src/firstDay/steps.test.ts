import { describe, expect, test } from 'vitest'
import type { Clinic, User } from '../api/shapes'
import { isReady, nextStep, type Place, STEPS, stepAfter, stepsDone } from './steps'

const MONDAY = { is_available: true, start_time: '09:00', end_time: '12:00', windows: [] }

function doctor(change: Partial<User> = {}): User {
  return { is_active: true, is_approved: true, available_days: {}, ...change } as User
}

const unnamed: Clinic = {
  name: '',
  time_zone: 'UTC',
  rooms: [],
  closures: [],
  reminders: null,
  usual_reminders: ['1d', '2h'],
}

function place(change: Partial<Place> = {}): Place {
  return { clinic: unnamed, doctors: [], receptionists: [], ...change }
}

const named = { ...unnamed, name: 'Am Park' }
const working = doctor({ available_days: { MONDAY } })

describe('a first day', () => {
  test('begins with nothing done', () => {
    const done = stepsDone(place())
    expect(STEPS.filter((step) => done[step])).toEqual([])
    expect(nextStep(done)).toBe('clinic')
  })

  test('goes on where something is missing, what must be before what may be', () => {
    expect(nextStep(stepsDone(place({ clinic: named })))).toBe('doctor')
    expect(nextStep(stepsDone(place({ clinic: named, doctors: [doctor()] })))).toBe('hours')
    expect(nextStep(stepsDone(place({ clinic: named, doctors: [working] })))).toBe('rooms')
  })

  test('is over when all of it is there', () => {
    const whole = place({
      clinic: { ...named, rooms: [{ id: 1, name: '1' }] },
      doctors: [working],
      receptionists: [doctor()],
    })
    expect(nextStep(stepsDone(whole))).toBeUndefined()
  })

  test('leads nobody once patients can book', () => {
    expect(isReady(place({ clinic: named, doctors: [working] }))).toBe(true)
    expect(isReady(place({ doctors: [working] }))).toBe(false)
    expect(isReady(place({ clinic: named, doctors: [doctor()] }))).toBe(false)
  })

  test('counts no doctor who cannot be booked', () => {
    const closed = [
      doctor({ is_approved: false, available_days: { MONDAY } }),
      doctor({ is_active: false, available_days: { MONDAY } }),
    ]
    expect(stepsDone(place({ doctors: closed })).doctor).toBe(false)
    expect(isReady(place({ clinic: named, doctors: closed }))).toBe(false)
  })

  test('takes one step after the other', () => {
    expect(STEPS.map(stepAfter)).toEqual(['rooms', 'doctor', 'hours', 'desk', undefined])
  })
})
