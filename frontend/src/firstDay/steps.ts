/** What a new clinic still lacks. Nothing of it is remembered: it follows from what there is. */
import type { Clinic, User } from '../api/shapes'

export const STEPS = ['clinic', 'rooms', 'doctor', 'hours', 'desk'] as const

export type Step = (typeof STEPS)[number]

export interface Place {
  clinic: Clinic
  doctors: User[]
  receptionists: User[]
}

/** A practice may well have no rooms to name and nobody at a desk. */
const OPTIONAL: ReadonlySet<Step> = new Set(['rooms', 'desk'])

export function isOptional(step: Step): boolean {
  return OPTIONAL.has(step)
}

export function workingDoctors(doctors: User[]): User[] {
  return doctors.filter((doctor) => doctor.is_active && doctor.is_approved)
}

export function hasHours(doctor: User): boolean {
  return Object.values(doctor.available_days ?? {}).some((day) => day.is_available)
}

export function stepsDone({ clinic, doctors, receptionists }: Place): Record<Step, boolean> {
  const working = workingDoctors(doctors)
  return {
    clinic: clinic.name !== '',
    rooms: clinic.rooms.length > 0 || clinic.closures.length > 0,
    doctor: working.length > 0,
    hours: working.some(hasHours),
    desk: receptionists.some((person) => person.is_active),
  }
}

/** Until nothing of this is missing, no patient can book. */
export function isReady(place: Omit<Place, 'receptionists'>): boolean {
  const done = stepsDone({ ...place, receptionists: [] })
  return STEPS.every((step) => isOptional(step) || done[step])
}

/** Where to go on: the first step that is missing, those that must be before those that may be. */
export function nextStep(done: Record<Step, boolean>): Step | undefined {
  return STEPS.find((step) => !done[step] && !isOptional(step)) ?? STEPS.find((step) => !done[step])
}

/** The step after this one in order; after the last one it is done. */
export function stepAfter(step: Step): Step | undefined {
  return STEPS[STEPS.indexOf(step) + 1]
}
