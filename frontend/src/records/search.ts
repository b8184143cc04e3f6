/** What a list of records is narrowed to, as it stands in the page's address. */
import type { RecordType } from '../api/shapes'
import { RECORD_TYPES } from './typeIcons'

export interface RecordSearch {
  q?: string
  type?: RecordType
  offset?: number
}

export function validRecordSearch({ q, type, offset }: Record<string, unknown>): RecordSearch {
  return {
    // A number that was searched for looks like one in the address.
    q: (typeof q === 'string' && q) || (typeof q === 'number' && String(q)) || undefined,
    type: RECORD_TYPES.find((each) => each === type),
    offset: typeof offset === 'number' && offset > 0 ? offset : undefined,
  }
}
