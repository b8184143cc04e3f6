/** What events of a record's own topic mean for the record: put by id, never replace a newer version. */
import type { RecordMirror } from '../api/records'
import type { Annotation, HealthRecord } from '../api/shapes'
import type { EventIn } from './frames'

export function applyToRecord(data: RecordMirror, event: EventIn<'record.'>): RecordMirror {
  switch (event.type) {
    case 'record.created':
    case 'record.updated':
    case 'record.assigned':
    case 'record.withdrawn':
      return putRecord(data, event.data)
    case 'annotation.added':
    case 'annotation.updated':
      return putAnnotation(data, event.data)
    case 'annotation.removed':
      return withoutAnnotation(data, event.data.id)
    default:
      return data
  }
}

/** The record after a change; its notes have versions of their own, so each keeps its newest. */
export function putRecord(data: RecordMirror, record: HealthRecord): RecordMirror {
  if (record.version < data.record.version) return data
  const held = new Map(data.record.annotations.map((each) => [each.id, each]))
  const annotations = record.annotations.map((each) => newest(held.get(each.id), each))
  return { ...data, record: { ...record, annotations } }
}

/** The answer to one's own change. Its notes may be overtaken by events already, so those that are held stay. */
export function putAnswer(data: RecordMirror, record: HealthRecord): RecordMirror {
  if (record.version <= data.record.version) return data
  return { ...data, record: { ...record, annotations: data.record.annotations } }
}

export function putAnnotation(data: RecordMirror, annotation: Annotation): RecordMirror {
  const { annotations } = data.record
  const held = annotations.find(({ id }) => id === annotation.id)
  const put = held
    ? annotations.map((each) => (each === held ? newest(held, annotation) : each))
    : [...annotations, annotation].sort(byTime)
  return { ...data, record: { ...data.record, annotations: put } }
}

export function withoutAnnotation(data: RecordMirror, gone: number): RecordMirror {
  const annotations = data.record.annotations.filter(({ id }) => id !== gone)
  return { ...data, record: { ...data.record, annotations } }
}

/** Whether an event of a person's own topic or of the desk may change a list of records or of patients. */
export function concernsRecords({ type }: { type: string }): boolean {
  return /^(record|annotation|attachment)\.|^doctor\.(un)?assigned$/.test(type)
}

function newest(held: Annotation | undefined, annotation: Annotation): Annotation {
  return held && held.version > annotation.version ? held : annotation
}

function byTime(a: Annotation, b: Annotation): number {
  return Date.parse(a.created_at) - Date.parse(b.created_at) || a.id - b.id
}
