/** Where each role can go. A new screen is one line here and one route. */
import type { Role, User } from '../api/shapes'
import type { IconName } from '../ui/Icon'

export interface Destination {
  to: '/appointments' | '/doctors' | '/today' | '/desk' | '/approvals'
  label: 'appointments' | 'findDoctor' | 'today' | 'desk' | 'approvals'
  icon: IconName
}

const byRole: Record<Role, Destination[]> = {
  PATIENT: [
    { to: '/appointments', label: 'appointments', icon: 'calendar' },
    { to: '/doctors', label: 'findDoctor', icon: 'search' },
  ],
  DOCTOR: [{ to: '/today', label: 'today', icon: 'calendar' }],
  RECEPTIONIST: [{ to: '/desk', label: 'desk', icon: 'calendar' }],
  ADMIN: [
    { to: '/approvals', label: 'approvals', icon: 'shield' },
    { to: '/desk', label: 'desk', icon: 'calendar' },
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
