import { describe, expect, test } from 'vitest'
import type { Appointment, Appointments, Notifications, Slot, SlotsOfDoctor } from '../api/shapes'
import { applyToAppointments, putAppointment } from './appointments'
import type { EventFrame, EventIn } from './frames'
import { applyToInbox, mayNotify } from './notifications'
import { applyToSlots, changedDays, replaceDays } from './slots'

const everything = () => true

function appointment(id: number, version: number, more: Partial<Appointment> = {}): Appointment {
  return {
    id,
    version,
    doctor: { id: 2, name: 'Dr Two', specialization: '' },
    patient: { id: 1, name: 'One' },
    appointment_date: '2026-11-23',
    start_time: '10:00',
    end_time: '10:30',
    start: '2026-11-23T10:00:00+00:00',
    end: '2026-11-23T10:30:00+00:00',
    time_zone: 'UTC',
    status: 'SCHEDULED',
    reason: '',
    ticket: null,
    priority: 0,
    position: null,
    arrived_at: null,
    called_at: null,
    called_by: null,
    room: null,
    estimated_start: null,
    confirmed_at: null,
    sequence: 0,
    health_record: null,
    created_at: '',
    updated_at: '',
    ...more,
  }
}

function list(...appointments: Appointment[]): Appointments {
  return { appointments, stream: { topic: 'calendar.2', seq: 1, epoch: 'e' } }
}

/** Of any type and of no topic in particular: which one it is, its test says. */
function event(type: string, data: unknown, more: object = {}) {
  const frame: unknown = {
    op: 'event',
    topic: 't',
    seq: 2,
    id: 'x',
    type,
    at: '2026-11-23T09:00:00Z',
    actor: null,
    data,
    ...more,
  }
  return frame as EventFrame & EventIn<'slots.'> & EventIn<'user.'>
}

describe('appointments', () => {
  test('are put by id', () => {
    const after = applyToAppointments(everything)(
      list(appointment(1, 1)),
      event('appointment.cancelled', appointment(1, 2, { status: 'CANCELLED' })),
    )
    expect(after.appointments).toHaveLength(1)
    expect(after.appointments[0]?.status).toBe('CANCELLED')
  })

  test('never replace a newer version', () => {
    const before = list(appointment(1, 3, { status: 'CANCELLED' }))
    expect(putAppointment(before, appointment(1, 2), everything)).toBe(before)
  })

  test('take a new estimate, which leaves the version as it is', () => {
    const after = putAppointment(list(appointment(1, 2)), appointment(1, 2, { reason: 'later' }), everything)
    expect(after.appointments[0]?.reason).toBe('later')
  })

  test('come in the order of their start', () => {
    const early = appointment(7, 1, { start: '2026-11-23T08:00:00+00:00' })
    const after = putAppointment(list(appointment(1, 1)), early, everything)
    expect(after.appointments.map(({ id }) => id)).toEqual([7, 1])
  })

  test('leave a day when they move to another', () => {
    const thatDay = (each: Appointment) => each.appointment_date === '2026-11-23'
    const moved = appointment(1, 2, { appointment_date: '2026-11-24' })
    expect(putAppointment(list(appointment(1, 1)), moved, thatDay).appointments).toEqual([])
  })

  test('are left alone by events of other things', () => {
    const before = list(appointment(1, 1))
    expect(applyToAppointments(everything)(before, event('record.created', {}))).toBe(before)
  })

  test('applied twice are as if applied once', () => {
    const booked = event('appointment.booked', appointment(9, 1))
    const once = applyToAppointments(everything)(list(appointment(1, 1)), booked)
    expect(applyToAppointments(everything)(once, booked)).toEqual(once)
  })
})

function slot(time: string, state: Slot['state'] = 'free', date = '2026-11-23'): Slot {
  const start = `${date}T${time}:00+00:00`
  return { start, end: start, appointment_date: date, start_time: time, state }
}

function slots(...each: Slot[]): SlotsOfDoctor {
  return {
    doctor: { id: 2, name: 'Dr Two', specialization: '' },
    time_zone: 'UTC',
    slots: each,
    stream: { topic: 'slots.2', seq: 5, epoch: 'e' },
  }
}

const week = { from: '2026-11-23', to: '2026-11-29' }

describe('slots', () => {
  test('change their state in place', () => {
    const after = applyToSlots(week)(
      slots(slot('09:00'), slot('09:30')),
      event('slot.taken', slot('09:30', 'taken')),
    )
    expect(after.slots.map(({ state }) => state)).toEqual(['free', 'taken'])
  })

  test('are the same slot however the instant is written', () => {
    const written = { ...slot('09:30', 'taken'), start: '2026-11-23T10:30:00+01:00' }
    const after = applyToSlots(week)(slots(slot('09:30')), event('slot.taken', written))
    expect(after.slots).toHaveLength(1)
    expect(after.slots[0]?.state).toBe('taken')
  })

  test('appear in order when freed', () => {
    const after = applyToSlots(week)(slots(slot('09:00'), slot('10:00')), event('slot.freed', slot('09:30')))
    expect(after.slots.map(({ start_time }) => start_time)).toEqual(['09:00', '09:30', '10:00'])
  })

  test('of other weeks are not taken in', () => {
    const before = slots(slot('09:00'))
    expect(applyToSlots(week)(before, event('slot.freed', slot('09:00', 'free', '2026-12-01')))).toBe(before)
  })

  test('of changed hours are loaded again for the dates in view only', () => {
    const changed = event('hours.changed', { dates: ['2026-12-02', '2026-11-25', '2026-11-24'] })
    expect(changedDays(changed, week)).toEqual({ from: '2026-11-24', to: '2026-11-25' })
  })

  test('of changed hours are all loaded again when no date is named', () => {
    expect(changedDays(event('hours.changed', { dates: [] }), week)).toEqual(week)
  })

  test('of hours changed on other dates stay as they are', () => {
    expect(changedDays(event('hours.changed', { dates: ['2026-12-02'] }), week)).toBeUndefined()
  })

  test('loaded again replace their days and are true at the older number', () => {
    const before = slots(slot('09:00'), slot('09:00', 'free', '2026-11-24'))
    const loaded = {
      ...slots(slot('11:00', 'free', '2026-11-24')),
      stream: { topic: 'slots.2', seq: 4, epoch: 'e' },
    }
    const after = replaceDays(before, loaded, { from: '2026-11-24', to: '2026-11-24' })
    expect(after.slots.map(({ start_time }) => start_time)).toEqual(['09:00', '11:00'])
    expect(after.stream.seq).toBe(4)
  })
})

describe('the inbox', () => {
  const inbox: Notifications = {
    notifications: [1, 2, 3].map((id) => ({
      id,
      seq: id * 10,
      type: 'appointment.booked',
      title: '',
      message: '',
      read_at: null,
      created_at: '',
      subject: { kind: 'appointment', id },
    })),
    unread: 3,
    stream: { topic: 'user.1', seq: 1, epoch: 'e' },
  }
  const readIds = (after: Notifications) =>
    after.notifications.filter((each) => each.read_at).map(({ id }) => id)

  test('is read up to a number on every device', () => {
    const after = applyToInbox(inbox, event('notification.read', { up_to: 20 }))
    expect(readIds(after)).toEqual([1, 2])
    expect(after.unread).toBe(1)
  })

  test('is read one by one', () => {
    const after = applyToInbox(inbox, event('notification.read', { ids: [3], unread: 2 }))
    expect(readIds(after)).toEqual([3])
    expect(after.unread).toBe(2)
  })

  test('counts nothing twice', () => {
    const once = applyToInbox(inbox, event('notification.read', { ids: [3] }))
    expect(applyToInbox(once, event('notification.read', { ids: [3] })).unread).toBe(2)
  })

  test('is not asked about what the person did themselves', () => {
    expect(mayNotify(event('appointment.booked', {}, { actor: { id: 1, name: '' } }), 1)).toBe(false)
    expect(mayNotify(event('appointment.booked', {}, { actor: { id: 2, name: '' } }), 1)).toBe(true)
    expect(mayNotify(event('reminder.due', {}), 1)).toBe(true)
  })
})
