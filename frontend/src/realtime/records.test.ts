import { describe, expect, test } from 'vitest'
import type { RecordMirror } from '../api/records'
import type { Annotation, HealthRecord } from '../api/shapes'
import type { EventIn } from './frames'
import { applyToRecord, concernsRecords, putAnnotation, putAnswer } from './records'

function note(id: number, version = 1, content = `note ${id}`): Annotation {
  const at = `2026-11-23T10:0${id}:00Z`
  const doctor = { id: 2, name: 'Dr Two' }
  return { id, record: 9, doctor, content, version, created_at: at, updated_at: at }
}

function record(version: number, annotations: Annotation[] = [], title = `title ${version}`): HealthRecord {
  return {
    id: 9,
    record_id: 'HR-9',
    record_type: 'OTHER',
    title,
    description: '',
    patient: { id: 1, name: 'One' },
    doctor: null,
    annotations,
    attachments: [],
    withdrawn: false,
    version,
    created_at: '2026-11-23T10:00:00Z',
    updated_at: '2026-11-23T10:00:00Z',
  }
}

function mirror(of: HealthRecord): RecordMirror {
  return { record: of, stream: { topic: 'record.9', seq: 1, epoch: 'e' } }
}

function heard(data: RecordMirror, type: string, what: unknown): HealthRecord {
  return applyToRecord(data, { type, data: what } as EventIn<'record.'>).record
}

describe('a record', () => {
  test('is replaced by a newer one and never by an older one', () => {
    expect(heard(mirror(record(2)), 'record.updated', record(3)).title).toBe('title 3')
    expect(heard(mirror(record(2)), 'record.updated', record(1)).title).toBe('title 2')
  })

  test('keeps a note that is newer than the one in the record that came', () => {
    const data = mirror(record(2, [note(1, 3, 'newest')]))
    expect(heard(data, 'record.updated', record(3, [note(1, 2, 'older')])).annotations[0]?.content).toBe(
      'newest',
    )
  })

  test('that answers a change does not bring back the notes of that moment', () => {
    const data = mirror(record(2, [note(1), note(2)]))
    expect(putAnswer(data, record(3, [note(1)])).record.annotations).toHaveLength(2)
    expect(putAnswer(data, record(2, [], 'overtaken')).record.title).toBe('title 2')
  })

  test('says nothing new when it is voided: the right to read it ends by itself', () => {
    expect(heard(mirror(record(2)), 'record.voided', { record: 9 }).title).toBe('title 2')
  })
})

describe('notes', () => {
  test('are put in the order in which they were written, each once', () => {
    const data = mirror(record(1, [note(1), note(3)]))
    const once = putAnnotation(data, note(2))
    expect(putAnnotation(once, note(2)).record.annotations.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test('keep their newest words', () => {
    const data = mirror(record(1, [note(1, 2, 'second')]))
    expect(heard(data, 'annotation.updated', note(1, 1, 'first')).annotations[0]?.content).toBe('second')
    expect(heard(data, 'annotation.updated', note(1, 3, 'third')).annotations[0]?.content).toBe('third')
  })

  test('leave when they are removed', () => {
    expect(
      heard(mirror(record(1, [note(1), note(2)])), 'annotation.removed', note(1, 2)).annotations,
    ).toEqual([note(2)])
  })
})

test('lists of records look again when records, notes or assignments change, and at nothing else', () => {
  const asked = ['record.created', 'annotation.added', 'doctor.assigned', 'doctor.unassigned']
  expect(asked.every((type) => concernsRecords({ type }))).toBe(true)
  expect(
    ['doctor.approved', 'appointment.booked', 'slot.taken'].some((type) => concernsRecords({ type })),
  ).toBe(false)
})
