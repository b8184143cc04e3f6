/** Which notes are new to whom: told of and not seen yet. */
import type { Annotation, Notification } from '../api/shapes'

/** A note and the line in the inbox that tells of it are written one after the other. */
const APART_MS = 2_000

/** The unread lines of the inbox that tell of notes in this record. */
export function unreadOf(record: number, notifications: readonly Notification[]): Notification[] {
  return notifications.filter(
    ({ type, subject, read_at }) =>
      !read_at && type === 'annotation.added' && subject.kind === 'record' && subject.id === record,
  )
}

/** Ids of the notes by others that came since the oldest of these lines, or that `arrived` while one looked. */
export function newNotes(
  notes: readonly Annotation[],
  me: number,
  unread: readonly Notification[],
  arrived: ReadonlySet<number>,
): Set<number> {
  const since = Math.min(...unread.map(({ created_at }) => Date.parse(created_at))) - APART_MS
  const isNew = ({ id, doctor, created_at }: Annotation) =>
    doctor.id !== me && (arrived.has(id) || Date.parse(created_at) >= since)
  return new Set(notes.filter(isNew).map(({ id }) => id))
}

export interface SentNote {
  key: string
  content: string
  /** Notes there were when it was sent; the one that confirms it is none of them. */
  before: ReadonlySet<number>
}

/** What was sent and is not among the notes yet: an event may come before the answer to what one sent oneself. */
export function unconfirmed(sent: readonly SentNote[], notes: readonly Annotation[], me: number): SentNote[] {
  return sent.filter(
    ({ content, before }) =>
      !notes.some((note) => note.doctor.id === me && note.content === content && !before.has(note.id)),
  )
}
