/** The icon of each status, so that colour never speaks alone. */
import type { AppointmentStatus } from '../api/shapes'
import type { IconName } from './Icon'

export const statusIcons: Record<AppointmentStatus, IconName> = {
  SCHEDULED: 'calendar',
  ARRIVED: 'user',
  IN_PROGRESS: 'live',
  COMPLETED: 'done',
  CANCELLED: 'minus',
  NO_SHOW: 'alert',
}
