import { describe, expect, test } from 'vitest'
import type { Annotation, Notification } from '../api/shapes'
import { newNotes, unconfirmed, unreadOf } from './newNotes'
import { validRecordSearch } from './search'

const ME = 1
const DOCTOR = 2

function note(id: number, minute: number, doctor = DOCTOR): Annotation {
  const at = `2026-11-23T10:0${minute}:00Z`
  return {
    id,
    record: 9,
    doctor: { id: doctor, name: '' },
    content: `note ${id}`,
    version: 1,
    created_at: at,
    updated_at: at,
  }
}

function line(minute: number, more: Partial<Notification> = {}): Notification {
  return {
    id: minute,
    seq: minute,
    type: 'annotation.added',
    title: '',
    message: '',
    read_at: null,
    created_at: `2026-11-23T10:0${minute}:00.050Z`,
    subject: { kind: 'record', id: 9 },
    ...more,
  }
}

const nobody = new Set<number>()

describe('notes that are new', () => {
  test('came since the oldest line about this record that is unread', () => {
    const inbox = [line(1, { read_at: 'x' }), line(2), line(3)]
    const unread = unreadOf(9, inbox)
    expect([...newNotes([note(11, 1), note(12, 2), note(13, 3)], ME, unread, nobody)]).toEqual([12, 13])
  })

  test('are none when nothing about this record is unread', () => {
    const other = [line(1, { subject: { kind: 'record', id: 8 } }), line(1, { type: 'doctor.assigned' })]
    expect(newNotes([note(11, 1)], ME, unreadOf(9, other), nobody).size).toBe(0)
  })

  test('may have come just now, and are never one’s own', () => {
    const notes = [note(11, 1), note(12, 2, ME)]
    expect([...newNotes(notes, ME, [], new Set([11, 12]))]).toEqual([11])
  })
})

describe('a note that was sent', () => {
  const sent = [{ key: 'k', content: 'note 12', before: new Set([11]) }]

  test('stands until the service’s own stands in its place, whichever way that comes', () => {
    expect(unconfirmed(sent, [note(11, 1, ME)], ME)).toEqual(sent)
    expect(unconfirmed(sent, [note(11, 1, ME), note(12, 2, ME)], ME)).toEqual([])
  })

  test('is not taken for another’s, nor for an earlier one in the same words', () => {
    expect(unconfirmed(sent, [note(12, 2, DOCTOR)], ME)).toEqual(sent)
    expect(
      unconfirmed([{ key: 'k', content: 'note 11', before: new Set([11]) }], [note(11, 1, ME)], ME),
    ).toHaveLength(1)
  })
})

test('an address can ask for what is known, and nothing else', () => {
  expect(validRecordSearch({ q: 12, type: 'LAB_RESULT', offset: 25 })).toEqual({
    q: '12',
    type: 'LAB_RESULT',
    offset: 25,
  })
  expect(validRecordSearch({ q: '', type: 'SECRET', offset: -1 })).toEqual({})
})
