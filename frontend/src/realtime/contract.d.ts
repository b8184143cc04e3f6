/** Made from the socket's contract by `make types`. Do not edit. */
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The numbers up to which events of these topics have arrived. It has no id and no reply. */
        Ack: {
            /** @constant */
            op: "ack";
            topics: {
                [key: string]: number;
            };
        };
        AnnotationShape: {
            id: number;
            record: number;
            doctor: components["schemas"]["PersonRef"];
            content: string;
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** @description An appointment as staff see it: without notes. Date and wall times are in `time_zone`. */
        AppointmentShape: {
            id: number;
            doctor: components["schemas"]["DoctorRef"];
            patient: components["schemas"]["PersonRef"];
            /** Format: date */
            appointment_date: string;
            start_time: string;
            end_time: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            time_zone: string;
            status: components["schemas"]["Status"];
            reason: string;
            ticket: string | null;
            priority: number;
            position: number | null;
            arrived_at: string | null;
            called_at: string | null;
            called_by: components["schemas"]["PersonRef"] | null;
            room: string | null;
            estimated_start: string | null;
            confirmed_at: string | null;
            version: number;
            sequence: number;
            health_record: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** @description An appointment as its patient and its doctor see it. */
        AppointmentWithNotes: {
            id: number;
            doctor: components["schemas"]["DoctorRef"];
            patient: components["schemas"]["PersonRef"];
            /** Format: date */
            appointment_date: string;
            start_time: string;
            end_time: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            time_zone: string;
            status: components["schemas"]["Status"];
            reason: string;
            ticket: string | null;
            priority: number;
            position: number | null;
            arrived_at: string | null;
            called_at: string | null;
            called_by: components["schemas"]["PersonRef"] | null;
            room: string | null;
            estimated_start: string | null;
            confirmed_at: string | null;
            version: number;
            sequence: number;
            health_record: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            notes: string;
        };
        /**
         * @description That a doctor may now read a patient's records, or one of them, or may no longer.
         *
         *     `why` says how: assigned to the patient, named on a record, or booked. `record` and `record_id` are
         *     null where it is about all records; `assignment` is null where it is about one.
         */
        AssignmentNews: {
            doctor: components["schemas"]["DoctorRef"];
            patient: components["schemas"]["PersonRef"];
            /** @enum {string} */
            why: "patient" | "record" | "booking";
            assignment: number | null;
            record: number | null;
            record_id: string | null;
        };
        /** @description Sign in with an access token: the first frame, and again before the token ends, in the same session. */
        Auth: {
            /** @constant */
            op: "auth";
            id: number;
            token: string;
        };
        /** @description Send `auth` with a new token of this session, or be closed when this one expires. */
        AuthExpiring: {
            /** @constant */
            op: "auth.expiring";
            /** Format: date-time */
            expires_at: string;
        };
        /** @description Who is signed in until when, and the topics that somebody of this role normally watches. */
        Authenticated: {
            re: number;
            /** @constant */
            ok: true;
            user: components["schemas"]["User"];
            /** Format: date-time */
            expires_at: string;
            epoch: string;
            topics: string[];
        };
        CalendarAppointmentBooked: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.booked";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
        };
        CalendarAppointmentCancelled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.cancelled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
        };
        CalendarAppointmentConfirmed: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.confirmed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
        };
        CalendarAppointmentNoShow: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.no_show";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
        };
        CalendarAppointmentRescheduled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.rescheduled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"] | components["schemas"]["AppointmentShape"];
        };
        CalendarEvent: components["schemas"]["CalendarAppointmentBooked"] | components["schemas"]["CalendarAppointmentCancelled"] | components["schemas"]["CalendarAppointmentConfirmed"] | components["schemas"]["CalendarAppointmentNoShow"] | components["schemas"]["CalendarAppointmentRescheduled"];
        /** @description The days (doctor's zone) whose slots must be loaded again; none named means all of them. */
        ChangedDates: {
            dates: string[];
        };
        /** @description `in_app` is always true: what happens to somebody stands in their inbox in any case. */
        ChannelWishes: {
            in_app: boolean;
            email: boolean;
            push: boolean;
            sms: boolean;
        };
        Command: components["schemas"]["Auth"] | components["schemas"]["Watch"] | components["schemas"]["Unwatch"] | components["schemas"]["Ping"] | components["schemas"]["Ack"];
        DayShape: {
            is_available: boolean;
            start_time: string | null;
            end_time: string | null;
            windows: {
                [key: string]: string;
            }[];
        };
        DeskAppointmentBooked: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.booked";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentShape"];
        };
        DeskAppointmentCancelled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.cancelled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentShape"];
        };
        DeskAppointmentConfirmed: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.confirmed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentShape"];
        };
        DeskAppointmentNoShow: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.no_show";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentShape"];
        };
        DeskAppointmentRescheduled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.rescheduled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentShape"];
        };
        DeskDoctorApproved: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.approved";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
        };
        DeskDoctorAssigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.assigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AssignmentNews"];
        };
        DeskDoctorRegistered: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.registered";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
        };
        DeskDoctorRejected: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.rejected";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
        };
        DeskDoctorUnassigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.unassigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AssignmentNews"];
        };
        DeskEvent: components["schemas"]["DeskAppointmentBooked"] | components["schemas"]["DeskAppointmentCancelled"] | components["schemas"]["DeskAppointmentConfirmed"] | components["schemas"]["DeskAppointmentNoShow"] | components["schemas"]["DeskAppointmentRescheduled"] | components["schemas"]["DeskWaitlistOffered"] | components["schemas"]["DeskDoctorAssigned"] | components["schemas"]["DeskDoctorUnassigned"] | components["schemas"]["DeskDoctorRegistered"] | components["schemas"]["DeskDoctorApproved"] | components["schemas"]["DeskDoctorRejected"] | components["schemas"]["DeskPersonDeactivated"];
        DeskPersonDeactivated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "person.deactivated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
        };
        DeskWaitlistOffered: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "waitlist.offered";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["WaitlistEntry"];
        };
        DoctorRef: {
            id: number;
            name: string;
            specialization: string;
        };
        DoctorUserShape: {
            id: number;
            username: string;
            email: string;
            email_verified_at: string | null;
            email_bounced_at: string | null;
            first_name: string;
            last_name: string;
            role: components["schemas"]["Role"];
            date_of_birth: string | null;
            phone_number: string;
            address: string;
            location: string;
            time_zone: string;
            language: string;
            is_approved: boolean;
            is_active: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            specialization: string;
            available_days: {
                [key: string]: components["schemas"]["DayShape"];
            };
            appointment_duration: number;
            max_patients_per_day: number | null;
        };
        /** @description It is done. */
        Done: {
            re: number;
            /** @constant */
            ok: true;
        };
        /** @description Why a command was refused. `code` is for programs; `retry_after_ms` is there if it may be tried again. */
        Error: {
            /** @enum {string} */
            code: "bad_frame" | "no_such_topic" | "overloaded" | "too_many_topics" | "unauthenticated" | "unavailable";
            message: string;
            retryable: boolean;
            retry_after_ms?: number;
        };
        Event: components["schemas"]["UserEvent"] | components["schemas"]["CalendarEvent"] | components["schemas"]["SlotsEvent"] | components["schemas"]["RecordEvent"] | components["schemas"]["DeskEvent"];
        /** @description It was refused. `re` is missing where the command's id could not be read. */
        Failed: {
            re?: number;
            /** @constant */
            ok: false;
            error: components["schemas"]["Error"];
        };
        /** @description Sent before a close, because a close frame's reason does not get through. */
        Goodbye: {
            /** @constant */
            op: "error";
            /** @enum {string} */
            code: "auth_timeout" | "bad_frame" | "forbidden" | "going_away" | "not_acknowledging" | "other_user" | "overloaded" | "session_ended" | "token_expired" | "too_many_frames" | "too_many_sockets" | "unauthenticated";
            message: string;
            /** @enum {string} */
            reconnect: "yes" | "no" | "after";
            reconnect_in_ms?: number;
        };
        /** @description Nothing has been sent for a while. These are the last numbers of the topics watched. */
        Heartbeat: {
            /** @constant */
            op: "hb";
            heads: {
                [key: string]: number;
            };
            /** Format: date-time */
            time: string;
        };
        Limits: {
            /** @description A frame of a client; a larger one is `bad_frame`. */
            frame_bytes: number;
            /** @description The first frame. */
            auth_bytes: number;
            /** @description From `welcome` to `auth`. */
            auth_seconds: number;
            /** @description Commands at once. */
            command_burst: number;
            /** @description Commands for ever. */
            commands_per_second: number;
            /** @description Frames of RFC 6455 at once; one more for each event. */
            wire_frames: number;
            /** @description Frames of RFC 6455 for ever. */
            wire_frames_per_second: number;
            /** @description Topics watched on one socket. */
            topics: number;
            /** @description Sockets of one person; the oldest goes. */
            sockets_per_person: number;
            /** @description Events sent and not acknowledged. */
            ack_window: number;
            /** @description Events read at once from the database. */
            replay_page: number;
        };
        /** @description Everything up to `seq` has been sent; from here on events come as they are committed. */
        Live: {
            /** @constant */
            op: "live";
            topic: string;
            seq: number;
        };
        /** @description `seq` is the number of its event in the person's own topic. */
        NotificationShape: {
            id: number;
            seq: number;
            type: string;
            title: string;
            message: string;
            read_at: string | null;
            /** Format: date-time */
            created_at: string;
            subject: components["schemas"]["SubjectShape"];
        };
        /** @description All that one party to an appointment learns of the other. */
        PersonRef: {
            id: number;
            name: string;
        };
        /** @description Ask for a sign of life. */
        Ping: {
            /** @constant */
            op: "ping";
            id: number;
        };
        /** @description `lead_times`: how long before a visit they are reminded; empty: not at all; null: as the clinic does. */
        PreferencesShape: {
            channels: components["schemas"]["ChannelWishes"];
            lead_times: string[] | null;
            quiet_hours: components["schemas"]["QuietHoursShape"] | null;
            language: string;
        };
        /** @description Who is watching this topic now, each person once. It has no number and is not kept. */
        Presence: {
            /** @constant */
            op: "presence";
            topic: string;
            watching: components["schemas"]["User"][];
        };
        Push: components["schemas"]["Welcome"] | components["schemas"]["Live"] | components["schemas"]["Heartbeat"] | components["schemas"]["AuthExpiring"] | components["schemas"]["Revoked"] | components["schemas"]["Reset"] | components["schemas"]["Presence"] | components["schemas"]["Goodbye"];
        /** @description Every night, by the clock of the person's own zone. */
        QuietHoursShape: {
            from: string;
            until: string;
        };
        /** @description Which lines were read: all up to `up_to`, or those in `ids`; `unread` is what is left. */
        ReadMark: {
            up_to: number | null;
            ids: number[];
            unread: number;
            /** Format: date-time */
            read_at: string;
        };
        RecordAnnotationAdded: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.added";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AnnotationShape"];
        };
        RecordAnnotationRemoved: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.removed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AnnotationShape"];
        };
        RecordAnnotationUpdated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.updated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AnnotationShape"];
        };
        RecordEvent: components["schemas"]["RecordRecordCreated"] | components["schemas"]["RecordRecordUpdated"] | components["schemas"]["RecordRecordAssigned"] | components["schemas"]["RecordRecordWithdrawn"] | components["schemas"]["RecordRecordVoided"] | components["schemas"]["RecordAnnotationAdded"] | components["schemas"]["RecordAnnotationUpdated"] | components["schemas"]["RecordAnnotationRemoved"];
        RecordRecordAssigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.assigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordWithContent"];
        };
        RecordRecordCreated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.created";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordWithContent"];
        };
        RecordRecordUpdated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.updated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordWithContent"];
        };
        RecordRecordVoided: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.voided";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
        };
        RecordRecordWithdrawn: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.withdrawn";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordWithContent"];
        };
        /** @description What a person's own topic says of a record: never its title or text. */
        RecordReference: {
            record: number;
            record_id: string;
            record_type: components["schemas"]["RecordType"];
            actor: components["schemas"]["PersonRef"] | null;
        };
        /** @enum {string} */
        RecordType: "CONSULTATION" | "LAB_RESULT" | "PRESCRIPTION" | "VACCINATION" | "OTHER";
        /** @description A record as its patient and the assigned doctors see it. */
        RecordWithContent: {
            id: number;
            record_id: string;
            record_type: components["schemas"]["RecordType"];
            patient: components["schemas"]["PersonRef"];
            doctor: components["schemas"]["PersonRef"] | null;
            withdrawn: boolean;
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            title: string;
            description: string;
            annotations: components["schemas"]["AnnotationShape"][];
            attachments: {
                [key: string]: unknown;
            }[];
        };
        /** @description Which visit it is about, and `kind`, how long before. Date and wall times are in `time_zone`, the doctor's. */
        ReminderNews: {
            kind: string;
            appointment: number;
            doctor: components["schemas"]["DoctorRef"];
            /** Format: date */
            appointment_date: string;
            start_time: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            time_zone: string;
        };
        Reply: components["schemas"]["Authenticated"] | components["schemas"]["Watching"] | components["schemas"]["Done"] | components["schemas"]["Failed"];
        /** @description What is missing is no longer kept: load the snapshot, then watch again. */
        Reset: {
            /** @constant */
            op: "reset";
            topic: string;
            /** @constant */
            reason: "too_old";
        };
        /** @description The right to watch this topic has ended; nothing of it follows. */
        Revoked: {
            /** @constant */
            op: "revoked";
            topic: string;
            /** @constant */
            reason: "right_ended";
        };
        /** @enum {string} */
        Role: "PATIENT" | "DOCTOR" | "RECEPTIONIST" | "ADMIN";
        ServerFrame: components["schemas"]["Reply"] | components["schemas"]["Push"] | components["schemas"]["Event"];
        /** @description Date and wall time are in the doctor's zone. */
        SlotShape: {
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            /** Format: date */
            appointment_date: string;
            start_time: string;
            state: components["schemas"]["SlotState"];
        };
        /** @enum {string} */
        SlotState: "free" | "held" | "taken";
        SlotsEvent: components["schemas"]["SlotsSlotTaken"] | components["schemas"]["SlotsSlotFreed"] | components["schemas"]["SlotsHoursChanged"];
        SlotsHoursChanged: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "hours.changed";
            /** Format: date-time */
            at: string;
            actor: null;
            data: components["schemas"]["ChangedDates"];
        };
        SlotsSlotFreed: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "slot.freed";
            /** Format: date-time */
            at: string;
            actor: null;
            data: components["schemas"]["SlotShape"];
        };
        SlotsSlotTaken: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "slot.taken";
            /** Format: date-time */
            at: string;
            actor: null;
            data: components["schemas"]["SlotShape"];
        };
        /**
         * @description Status of an appointment (FHIR R5 Appointment.status: booked, arrived, fulfilled, cancelled, noshow).
         * @enum {string}
         */
        Status: "SCHEDULED" | "ARRIVED" | "IN_PROGRESS" | "COMPLETED" | "CANCELLED" | "NO_SHOW";
        SubjectShape: {
            kind: string;
            id: number;
        };
        /** @description Watch a topic no longer. */
        Unwatch: {
            /** @constant */
            op: "unwatch";
            id: number;
            topic: string;
        };
        User: {
            id: number;
            name: string;
            role: components["schemas"]["Role"];
        };
        UserAnnotationAdded: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.added";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAnnotationRemoved: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.removed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAnnotationUpdated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "annotation.updated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAppointmentBooked: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.booked";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAppointmentCancelled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.cancelled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAppointmentConfirmed: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.confirmed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAppointmentNoShow: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.no_show";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserAppointmentRescheduled: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "appointment.rescheduled";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AppointmentWithNotes"] | components["schemas"]["AppointmentShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserDoctorApproved: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.approved";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserDoctorAssigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.assigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AssignmentNews"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserDoctorRegistered: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.registered";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserDoctorRejected: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.rejected";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserDoctorUnassigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "doctor.unassigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["AssignmentNews"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserEvent: components["schemas"]["UserAppointmentBooked"] | components["schemas"]["UserAppointmentCancelled"] | components["schemas"]["UserAppointmentConfirmed"] | components["schemas"]["UserAppointmentNoShow"] | components["schemas"]["UserAppointmentRescheduled"] | components["schemas"]["UserReminderDue"] | components["schemas"]["UserWaitlistOffered"] | components["schemas"]["UserRecordCreated"] | components["schemas"]["UserRecordUpdated"] | components["schemas"]["UserRecordAssigned"] | components["schemas"]["UserRecordWithdrawn"] | components["schemas"]["UserRecordVoided"] | components["schemas"]["UserAnnotationAdded"] | components["schemas"]["UserAnnotationUpdated"] | components["schemas"]["UserAnnotationRemoved"] | components["schemas"]["UserDoctorAssigned"] | components["schemas"]["UserDoctorUnassigned"] | components["schemas"]["UserDoctorRegistered"] | components["schemas"]["UserDoctorApproved"] | components["schemas"]["UserDoctorRejected"] | components["schemas"]["UserPersonDeactivated"] | components["schemas"]["UserNotificationRead"] | components["schemas"]["UserPreferencesChanged"];
        UserNotificationRead: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "notification.read";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["ReadMark"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserPersonDeactivated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "person.deactivated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["DoctorUserShape"] | components["schemas"]["UserShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserPreferencesChanged: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "preferences.changed";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["PreferencesShape"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserRecordAssigned: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.assigned";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserRecordCreated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.created";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserRecordUpdated: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.updated";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserRecordVoided: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.voided";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserRecordWithdrawn: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "record.withdrawn";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["RecordReference"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserReminderDue: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "reminder.due";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["ReminderNews"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        UserShape: {
            id: number;
            username: string;
            email: string;
            email_verified_at: string | null;
            email_bounced_at: string | null;
            first_name: string;
            last_name: string;
            role: components["schemas"]["Role"];
            date_of_birth: string | null;
            phone_number: string;
            address: string;
            location: string;
            time_zone: string;
            language: string;
            is_approved: boolean;
            is_active: boolean;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        UserWaitlistOffered: {
            /** @constant */
            op: "event";
            topic: string;
            seq: number;
            /** Format: uuid */
            id: string;
            /** @constant */
            type: "waitlist.offered";
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["Who"] | null;
            data: components["schemas"]["WaitlistEntry"];
            cause?: string;
            notification?: components["schemas"]["NotificationShape"];
        };
        /** @description Somebody's place on the waiting list, and what they are offered. */
        WaitlistEntry: {
            id: number;
            /** @constant */
            status: "OFFERED";
            patient: components["schemas"]["PersonRef"];
            offer: components["schemas"]["WaitlistOffer"];
        };
        /** @description A time that is kept for its patient until `expires_at`. Date and wall times are in `time_zone`, the doctor's. */
        WaitlistOffer: {
            doctor: components["schemas"]["DoctorRef"];
            /** Format: date */
            appointment_date: string;
            start_time: string;
            end_time: string;
            /** Format: date-time */
            start: string;
            /** Format: date-time */
            end: string;
            time_zone: string;
            /** Format: date-time */
            expires_at: string;
        };
        /** @description Watch a topic: after the number `since`, which counts in `epoch`, or from now on. */
        Watch: {
            /** @constant */
            op: "watch";
            id: number;
            topic: string;
            /** @default null */
            since?: number | null;
            /** @default null */
            epoch?: string | null;
        };
        /** @description `resumed`: what was missed follows. `fresh`: from `head` on. `reset`: not watched; load the snapshot. */
        Watching: {
            re: number;
            /** @constant */
            ok: true;
            topic: string;
            head: number;
            epoch: string;
            /** @enum {string} */
            mode: "fresh" | "resumed" | "reset";
            /** @enum {string} */
            reason?: "too_old" | "ahead" | "other_epoch";
        };
        /** @description The first frame of a server: it waits for `auth`. */
        Welcome: {
            /** @constant */
            op: "welcome";
            /** @constant */
            protocol: "clinic.v1";
            /** Format: date-time */
            time: string;
            heartbeat_s: number;
            limits: components["schemas"]["Limits"];
        };
        Who: {
            id: number;
            name: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
