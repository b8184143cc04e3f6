/** Where each role can go. A new screen is one line here and one route. */
import type { Role, User } from '../api/shapes'
import type { IconName } from '../ui/Icon'

export interface Destination {
  to:
    | '/appointments'
    | '/doctors'
    | '/records'
    | '/my-patients'
    | '/today'
    | '/hours'
    | '/desk'
    | '/patients'
    | '/messages'
    | '/approvals'
    | '/settings/clinic'
  label:
    | 'appointments'
    | 'findDoctor'
    | 'records'
    | 'myPatients'
    | 'today'
    | 'hours'
    | 'desk'
    | 'patients'
    | 'messages'
    | 'approvals'
    | 'settings'
  icon: IconName
}

const byRole: Record<Role, Destination[]> = {
  PATIENT: [
    { to: '/appointments', label: 'appointments', icon: 'calendar' },
    { to: '/doctors', label: 'findDoctor', icon: 'search' },
    { to: '/records', label: 'records', icon: 'note' },
  ],
  DOCTOR: [
    { to: '/today', label: 'today', icon: 'calendar' },
    { to: '/my-patients', label: 'myPatients', icon: 'users' },
    { to: '/hours', label: 'hours', icon: 'clock' },
  ],
  RECEPTIONIST: [
    { to: '/desk', label: 'desk', icon: 'calendar' },
    { to: '/patients', label: 'patients', icon: 'users' },
    { to: '/messages', label: 'messages', icon: 'mail' },
  ],
  ADMIN: [
    { to: '/desk', label: 'desk', icon: 'calendar' },
    { to: '/patients', label: 'patients', icon: 'users' },
    { to: '/messages', label: 'messages', icon: 'mail' },
    { to: '/approvals', label: 'approvals', icon: 'shield' },
    { to: '/settings/clinic', label: 'settings', icon: 'settings' },
  ],
}

export function isPending(user: User): boolean {
  return user.role === 'DOCTOR' && !user.is_approved
}

export function destinations(user: User): Destination[] {
  return isPending(user) ? [] : byRole[user.role]
}

export function homeOf(user: User): Destination['to'] | '/pending' {
  return destinations(user)[0]?.to ?? '/pending'
}
