/** Health records, and what doctors write in them. */
import { api, dataOf, ifStill, once } from './http'
import type { Annotation, HealthRecord, RecordHistory, RecordLine, RecordType, Stream } from './shapes'

type AnnotationMark = Pick<Annotation, 'id' | 'version'>

export interface RecordQuery {
  patient?: number
  q?: string
  type?: RecordType
  offset?: number
  limit?: number
}

export interface RecordPageData {
  records: RecordLine[]
  count: number
  stream: Stream
}

export interface RecordMirror {
  record: HealthRecord
  stream: Stream
}

export interface RecordWords {
  record_type: RecordType
  title: string
  description: string
}

export function loadRecords(query: RecordQuery, signal?: AbortSignal): Promise<RecordPageData> {
  return dataOf(api.GET('/api/records/', { params: { query }, signal }))
}

/** Asked for by those who may read what it says; the service answers everyone else 404. */
export async function loadRecord(id: number, signal?: AbortSignal): Promise<RecordMirror> {
  const params = { path: { record_id: id } }
  return (await dataOf(api.GET('/api/records/{record_id}/', { params, signal }))) as RecordMirror
}

export function loadHistory(id: number): Promise<RecordHistory> {
  return dataOf(api.GET('/api/records/{record_id}/history/', { params: { path: { record_id: id } } }))
}

export async function createRecord(
  words: RecordWords & { doctor_id: number | null },
  key: string,
): Promise<HealthRecord> {
  const { record } = await dataOf(api.POST('/api/records/', { body: words, headers: once(key) }))
  return record as HealthRecord
}

export async function updateRecord(id: number, words: RecordWords, version: number): Promise<HealthRecord> {
  const { record } = await dataOf(
    api.PATCH('/api/records/{record_id}/', {
      params: { path: { record_id: id } },
      body: words,
      headers: ifStill(version),
    }),
  )
  return record as HealthRecord
}

/** Voided; or withdrawn, where others have written in it or it belongs to a visit. */
export async function removeRecord({ id, version }: Pick<HealthRecord, 'id' | 'version'>): Promise<void> {
  await dataOf(
    api.DELETE('/api/records/{record_id}/', {
      params: { path: { record_id: id } },
      headers: ifStill(version),
    }),
  )
}

export async function nameDoctor(
  { id, version }: Pick<HealthRecord, 'id' | 'version'>,
  doctor: number | null,
  key: string,
): Promise<HealthRecord> {
  const { record } = await dataOf(
    api.POST('/api/records/{record_id}/assign/', {
      params: { path: { record_id: id } },
      body: { doctor_id: doctor },
      headers: { ...once(key), ...ifStill(version) },
    }),
  )
  return record as HealthRecord
}

export async function annotate(record: number, content: string, key: string): Promise<Annotation> {
  const { annotation } = await dataOf(
    api.POST('/api/records/{record_id}/add_annotation/', {
      params: { path: { record_id: record } },
      body: { content },
      headers: once(key),
    }),
  )
  return annotation
}

export async function updateAnnotation(
  { id, version }: AnnotationMark,
  content: string,
): Promise<Annotation> {
  const { annotation } = await dataOf(
    api.PATCH('/api/annotations/{annotation_id}/', {
      params: { path: { annotation_id: id } },
      body: { content },
      headers: ifStill(version),
    }),
  )
  return annotation
}

export async function removeAnnotation({ id, version }: AnnotationMark): Promise<void> {
  await dataOf(
    api.DELETE('/api/annotations/{annotation_id}/', {
      params: { path: { annotation_id: id } },
      headers: ifStill(version),
    }),
  )
}
