/** The nouns as they come over the wire, by the names this app uses. */
import type { components, paths } from './schema'

type Shapes = components['schemas']

export type Role = Shapes['Role']
export type Stream = Shapes['Stream']
/** Doctors have more of themselves than others. */
export type User = Shapes['UserShape'] & Partial<Omit<Shapes['DoctorUserShape'], keyof Shapes['UserShape']>>
/** One device, where a person is signed in. */
export type SignedIn = Shapes['SessionShape']
export type Named = Shapes['PersonRef']
export type DoctorName = Shapes['DoctorRef']
export type DoctorCard = Shapes['DoctorCard']
export type Slot = Shapes['SlotShape']
export type SlotsOfDoctor = Shapes['SlotsAnswer']
/** Notes are there for the patient and the doctor only. */
export type Appointment = Shapes['AppointmentShape'] & { notes?: string }
export type AppointmentStatus = Appointment['status']
export type Appointments = { appointments: Appointment[]; stream: Stream }
/** What the holder of a mailed link sees of a visit. */
export type VisitOfLink = Shapes['VisitOfLink']
export type VisitAct = VisitOfLink['act']
export type Notification = Shapes['NotificationShape']
export type Notifications = Pick<Shapes['Inbox'], 'notifications' | 'unread' | 'stream'>
export type Clinic = Shapes['ClinicShape']
export type Room = Shapes['RoomShape']
export type Closure = Shapes['ClosureShape']
export type Availability = Shapes['AvailabilityShape']
export type TimeOff = Shapes['TimeOffShape']
/** A record as its patient and the assigned doctors read it. */
export type HealthRecord = Shapes['RecordWithContent']
/** A record in a list: staff see that it exists, not what it says. */
export type RecordLine = Shapes['RecordShape'] & Partial<Pick<HealthRecord, 'title' | 'annotations'>>
export type RecordType = HealthRecord['record_type']
export type Annotation = Shapes['AnnotationShape']
export type RecordHistory = Shapes['RecordHistory']
export type RecordVersion = Shapes['RecordVersionShape']
export type Assignment = Shapes['AssignmentShape']
/** A patient as their doctors see them. */
export type PatientCard = Shapes['PatientCard']
/** A patient who may be the same person, and in what they are alike. */
export type Duplicate = Shapes['DuplicateShape']
export type NewAccount = Shapes['NewUserBodyRequest']
export type NewPatient = Shapes['NewPatientBodyRequest']
export type ClinicChange = Shapes['PatchedClinicBodyRequest']
export type Preferences = Shapes['PreferencesShape']
export type PreferencesChange = Shapes['PreferencesBodyRequest']
/** A message or a reminder, as staff see it. */
export type MessageLine = Shapes['MessageLine']
export type MessageList = Shapes['MessageList']
export type MessageQuery = NonNullable<paths['/api/messages/']['get']['parameters']['query']>
