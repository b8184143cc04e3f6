/** Every page of the app. Pages of one role are loaded when first visited. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { loadMe } from '../api/people'
import type { Role } from '../api/shapes'
import { session } from '../auth/session'
import { leadsToFirstDay } from '../firstDay/place'
import { STEPS, type Step } from '../firstDay/steps'
import { validMessageSearch } from '../messages/search'
import { type RecordSearch, validRecordSearch } from '../records/search'
import { CrashPage } from './CrashPage'
import { NotFoundPage } from './NotFoundPage'
import { homeOf, isPending } from './navigation'
import { queries } from './queries'
import { Shell } from './Shell'
import { meKey } from './useMe'
import { Waiting } from './Waiting'

function me() {
  return queries.ensureQueryData({ queryKey: meKey, queryFn: loadMe, staleTime: Number.POSITIVE_INFINITY })
}

/** Lets one role in and sends everyone else to their own start. */
function only(...roles: Role[]) {
  return async () => {
    const user = await me()
    if (!roles.includes(user.role) || isPending(user)) throw redirect({ to: homeOf(user) })
  }
}

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
})

interface Return {
  /** Where the person wanted to go before they had to sign in. */
  next?: string
}

function validReturn(search: Record<string, unknown>): Return {
  const { next } = search
  // Only a path of this app: `//host` would lead elsewhere.
  return typeof next === 'string' && /^\/(?!\/)/.test(next) ? { next } : {}
}

function numberOf<Name extends string>(name: Name) {
  return (search: Record<string, unknown>) =>
    (typeof search[name] === 'number' ? { [name]: search[name] } : {}) as { [key in Name]?: number }
}

function validPatientSearch({ q, offset }: Record<string, unknown>): { q?: string; offset?: number } {
  return {
    // A telephone number looks like a number in the address.
    q: (typeof q === 'string' && q) || (typeof q === 'number' && String(q)) || undefined,
    offset: typeof offset === 'number' && offset > 0 ? offset : undefined,
  }
}

const outside = createRoute({
  getParentRoute: () => root,
  id: 'outside',
  validateSearch: validReturn,
  beforeLoad: ({ search }) => {
    if (session.phase === 'signedIn') throw redirect({ href: search.next ?? '/', replace: true })
  },
})

const signIn = createRoute({
  getParentRoute: () => outside,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../auth/SignIn'), 'SignIn'),
})

const register = createRoute({
  getParentRoute: () => outside,
  path: '/register',
  component: lazyRouteComponent(() => import('../auth/Register'), 'Register'),
})

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('../auth/ForgotPassword'), 'ForgotPassword'),
})

// Mailed links lead here, whoever is signed in on this device.
const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('../auth/ResetPassword'), 'ResetPassword'),
})

const verifyEmail = createRoute({
  getParentRoute: () => root,
  path: '/verify-email',
  component: lazyRouteComponent(() => import('../auth/VerifyEmail'), 'VerifyEmail'),
})

const visitByLink = createRoute({
  getParentRoute: () => root,
  path: '/visit',
  component: lazyRouteComponent(() => import('../visit/VisitByLink'), 'VisitByLink'),
})

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    if (session.phase === 'signedOut') {
      const next = location.href === '/' ? undefined : location.href
      throw redirect({ to: '/sign-in', search: { next }, replace: true })
    }
    await me()
  },
  component: Shell,
})

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: async () => {
    const user = await me()
    if (user.role === 'ADMIN' && (await leadsToFirstDay()))
      throw redirect({ to: '/first-day', replace: true })
    throw redirect({ to: homeOf(user), replace: true })
  },
})

const pending = createRoute({
  getParentRoute: () => inside,
  path: '/pending',
  beforeLoad: async () => {
    const user = await me()
    if (!isPending(user)) throw redirect({ to: homeOf(user), replace: true })
  },
  component: lazyRouteComponent(() => import('../doctor/PendingPage'), 'PendingPage'),
})

const inbox = createRoute({
  getParentRoute: () => inside,
  path: '/inbox',
  component: lazyRouteComponent(() => import('../inbox/InboxPage'), 'InboxPage'),
})

const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  component: lazyRouteComponent(() => import('../account/AccountPage'), 'AccountPage'),
})

const findDoctor = createRoute({
  getParentRoute: () => inside,
  path: '/doctors',
  beforeLoad: only('PATIENT'),
  validateSearch: (search: Record<string, unknown>): { q?: string; specialization?: string } => ({
    q: typeof search.q === 'string' && search.q ? search.q : undefined,
    specialization:
      typeof search.specialization === 'string' && search.specialization ? search.specialization : undefined,
  }),
  component: lazyRouteComponent(() => import('../patient/FindDoctorPage'), 'FindDoctorPage'),
})

const bookVisit = createRoute({
  getParentRoute: () => inside,
  path: '/doctors/$doctorId',
  beforeLoad: only('PATIENT'),
  component: lazyRouteComponent(() => import('../patient/BookVisitPage'), 'BookVisitPage'),
})

const appointments = createRoute({
  getParentRoute: () => inside,
  path: '/appointments',
  beforeLoad: only('PATIENT'),
  component: lazyRouteComponent(() => import('../patient/MyAppointmentsPage'), 'MyAppointmentsPage'),
})

const appointment = createRoute({
  getParentRoute: () => inside,
  path: '/appointments/$appointmentId',
  beforeLoad: only('PATIENT'),
  component: lazyRouteComponent(() => import('../patient/AppointmentPage'), 'AppointmentPage'),
})

const moveVisit = createRoute({
  getParentRoute: () => inside,
  path: '/appointments/$appointmentId/move',
  beforeLoad: only('PATIENT'),
  component: lazyRouteComponent(() => import('../patient/MoveVisitPage'), 'MoveVisitPage'),
})

const myRecords = createRoute({
  getParentRoute: () => inside,
  path: '/records',
  beforeLoad: only('PATIENT'),
  validateSearch: (search: Record<string, unknown>): RecordSearch => validRecordSearch(search),
  component: lazyRouteComponent(() => import('../records/MyRecordsPage'), 'MyRecordsPage'),
})

const record = createRoute({
  getParentRoute: () => inside,
  path: '/records/$recordId',
  beforeLoad: only('PATIENT', 'DOCTOR'),
  component: lazyRouteComponent(() => import('../records/RecordPage'), 'RecordPage'),
})

const myPatients = createRoute({
  getParentRoute: () => inside,
  path: '/my-patients',
  beforeLoad: only('DOCTOR'),
  validateSearch: validPatientSearch,
  component: lazyRouteComponent(() => import('../doctor/MyPatientsPage'), 'MyPatientsPage'),
})

const myPatient = createRoute({
  getParentRoute: () => inside,
  path: '/my-patients/$patientId',
  beforeLoad: only('DOCTOR'),
  validateSearch: (search: Record<string, unknown>): RecordSearch => validRecordSearch(search),
  component: lazyRouteComponent(() => import('../doctor/MyPatientPage'), 'MyPatientPage'),
})

const today = createRoute({
  getParentRoute: () => inside,
  path: '/today',
  beforeLoad: only('DOCTOR'),
  validateSearch: (search: Record<string, unknown>): { date?: string; appointment?: number } => ({
    date: typeof search.date === 'string' && /^\d{4}-\d\d-\d\d$/.test(search.date) ? search.date : undefined,
    appointment: typeof search.appointment === 'number' ? search.appointment : undefined,
  }),
  component: lazyRouteComponent(() => import('../doctor/TodayPage'), 'TodayPage'),
})

const desk = createRoute({
  getParentRoute: () => inside,
  path: '/desk',
  beforeLoad: only('RECEPTIONIST', 'ADMIN'),
  component: lazyRouteComponent(() => import('../desk/DeskPage'), 'DeskPage'),
})

const messages = createRoute({
  getParentRoute: () => inside,
  path: '/messages',
  beforeLoad: only('RECEPTIONIST', 'ADMIN'),
  validateSearch: validMessageSearch,
  component: lazyRouteComponent(() => import('../messages/MessagesPage'), 'MessagesPage'),
})

const approvals = createRoute({
  getParentRoute: () => inside,
  path: '/approvals',
  beforeLoad: only('ADMIN'),
  component: lazyRouteComponent(() => import('../admin/ApprovalsPage'), 'ApprovalsPage'),
})

const firstDay = createRoute({
  getParentRoute: () => inside,
  path: '/first-day',
  beforeLoad: only('ADMIN'),
  validateSearch: ({ step }: Record<string, unknown>): { step?: Step | 'done' } => ({
    step: step === 'done' || STEPS.includes(step as Step) ? (step as Step | 'done') : undefined,
  }),
  component: lazyRouteComponent(() => import('../firstDay/FirstDayPage'), 'FirstDayPage'),
})

const clinicSettings = createRoute({
  getParentRoute: () => inside,
  path: '/settings/clinic',
  beforeLoad: only('ADMIN'),
  component: lazyRouteComponent(() => import('../settings/ClinicPage'), 'ClinicPage'),
})

const staffSettings = createRoute({
  getParentRoute: () => inside,
  path: '/settings/staff',
  beforeLoad: only('ADMIN'),
  component: lazyRouteComponent(() => import('../settings/StaffPage'), 'StaffPage'),
})

const hoursSettings = createRoute({
  getParentRoute: () => inside,
  path: '/settings/hours',
  beforeLoad: only('ADMIN'),
  validateSearch: numberOf('doctor'),
  component: lazyRouteComponent(() => import('../settings/HoursPage'), 'HoursPage'),
})

const myHours = createRoute({
  getParentRoute: () => inside,
  path: '/hours',
  // A doctor who waits for approval prepares their hours.
  beforeLoad: async () => {
    const user = await me()
    if (user.role !== 'DOCTOR') throw redirect({ to: homeOf(user) })
  },
  component: lazyRouteComponent(() => import('../hours/MyHoursPage'), 'MyHoursPage'),
})

const patients = createRoute({
  getParentRoute: () => inside,
  path: '/patients',
  beforeLoad: only('RECEPTIONIST', 'ADMIN'),
  validateSearch: validPatientSearch,
  component: lazyRouteComponent(() => import('../patients/PatientsPage'), 'PatientsPage'),
})

const patient = createRoute({
  getParentRoute: () => inside,
  path: '/patients/$patientId',
  beforeLoad: only('RECEPTIONIST', 'ADMIN'),
  validateSearch: (search: Record<string, unknown>): RecordSearch => validRecordSearch(search),
  component: lazyRouteComponent(() => import('../patients/PatientPage'), 'PatientPage'),
})

const bookFor = createRoute({
  getParentRoute: () => inside,
  path: '/patients/$patientId/book',
  beforeLoad: only('RECEPTIONIST', 'ADMIN'),
  validateSearch: numberOf('doctor'),
  component: lazyRouteComponent(() => import('../patients/BookForPage'), 'BookForPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    outside.addChildren([signIn, register]),
    forgotPassword,
    resetPassword,
    verifyEmail,
    visitByLink,
    inside.addChildren([
      home,
      pending,
      inbox,
      account,
      findDoctor,
      bookVisit,
      appointments,
      appointment,
      moveVisit,
      myRecords,
      record,
      myPatients,
      myPatient,
      today,
      desk,
      messages,
      approvals,
      firstDay,
      clinicSettings,
      staffSettings,
      hoursSettings,
      myHours,
      patients,
      patient,
      bookFor,
    ]),
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Waiting as="div" />,
  defaultPendingMs: 400,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
