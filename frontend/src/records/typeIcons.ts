/** The kinds of records, each with its icon. */
import type { RecordType } from '../api/shapes'
import type { IconName } from '../ui/Icon'

export const typeIcons: Record<RecordType, IconName> = {
  CONSULTATION: 'user',
  LAB_RESULT: 'flask',
  PRESCRIPTION: 'pill',
  VACCINATION: 'shield',
  OTHER: 'note',
}

export const RECORD_TYPES = Object.keys(typeIcons) as RecordType[]
