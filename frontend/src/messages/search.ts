/** What of the messages is shown, as it stands in the address. */
import type { MessageQuery } from '../api/shapes'

const STATES = ['due', 'sent', 'skipped', 'failed'] as const
export const CHANNELS = ['in_app', 'email', 'push', 'sms'] as const
export const KINDS = [
  'visit_reminder',
  'visit_booked',
  'visit_moved',
  'visit_cancelled',
  'waitlist_offer',
  'new_note',
  'news',
  'invite',
  'email_verification',
  'email_changed',
  'password_reset',
  'password_changed',
  'doctor_approved',
  'doctor_rejected',
  'doctor_assigned',
] as const
export { STATES }

export type MessageSearch = Pick<MessageQuery, 'state' | 'channel' | 'kind' | 'patient' | 'cursor'>

export function validMessageSearch(search: Record<string, unknown>): MessageSearch {
  const { state, channel, kind, patient, cursor } = search
  return {
    state: one(STATES, state),
    channel: one(CHANNELS, channel),
    kind: one(KINDS, kind),
    patient:
      typeof patient === 'number' && Number.isSafeInteger(patient) && patient > 0 ? patient : undefined,
    cursor: typeof cursor === 'string' && /^\d{1,16}-[01]-\d{1,18}$/.test(cursor) ? cursor : undefined,
  }
}

function one<Known extends string>(known: readonly Known[], value: unknown): Known | undefined {
  return known.find((each) => each === value)
}
