/** The nouns as they come over the wire. */
export type Role = 'PATIENT' | 'DOCTOR' | 'RECEPTIONIST' | 'ADMIN'

export interface Stream {
  topic: string
  seq: number
  epoch: string
}

export interface User {
  id: number
  username: string
  email: string
  first_name: string
  last_name: string
  role: Role
  time_zone: string
  is_approved: boolean
  is_active: boolean
  phone_number?: string | null
  specialization?: string | null
  created_at: string
}

export interface DoctorName {
  id: number
  name: string
  specialization?: string
}

export interface DoctorCard {
  id: number
  name: string
  specialization: string
  time_zone: string
  appointment_duration: number
  next_free: string | null
}

export type SlotState = 'free' | 'held' | 'taken'

export interface Slot {
  start: string
  end: string
  appointment_date: string
  start_time: string
  state: SlotState
}

export interface SlotsOfDoctor {
  doctor: DoctorName
  time_zone: string
  slots: Slot[]
  stream: Stream
}

export type AppointmentStatus =
  | 'SCHEDULED'
  | 'ARRIVED'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'NO_SHOW'

export interface Appointment {
  id: number
  doctor: DoctorName
  patient: { id: number; name: string }
  appointment_date: string
  start_time: string
  end_time: string
  start: string
  end: string
  time_zone: string
  status: AppointmentStatus
  reason?: string | null
  notes?: string | null
  version: number
  created_at: string
  updated_at: string
}

export interface Appointments {
  appointments: Appointment[]
  stream: Stream
}

export interface Notification {
  id: number
  seq: number
  type: string
  title: string
  message: string
  read_at: string | null
  created_at: string
  subject: { kind: string; id: number } | null
}

export interface Notifications {
  notifications: Notification[]
  unread: number
  stream: Stream
}

export interface Clinic {
  name: string
  time_zone: string
}
