"""The HTTP contract as a table: every call that other programs rely on, in the order of a newcomer's script.

A step is who calls what with which body, and what comes back. `{name}` stands for what an earlier answer
gave: `keep` says where in the answer it was (`user.id`, `slots.0.start`).
"""

from dataclasses import dataclass, field
from typing import Any, Final

USER: Final = (
    "id username email email_bounced_at first_name last_name role date_of_birth phone_number address location "
    "time_zone language is_approved created_at updated_at"
)
DOCTOR_USER: Final = (
    f"{USER} specialization available_days appointment_duration max_patients_per_day"
)
APPOINTMENT: Final = (
    "id doctor patient appointment_date start_time end_time start end time_zone status reason ticket priority "
    "position arrived_at called_at called_by room estimated_start confirmed_at version sequence health_record "
    "created_at updated_at"
)
RECORD: Final = (
    "id record_id record_type patient doctor withdrawn version created_at updated_at title description "
    "annotations attachments"
)
ANNOTATION: Final = "id record doctor content version created_at updated_at"
COMMENT: Final = "id record doctor comment created_at"
ASSIGNMENT: Final = "id patient doctor"
NOTIFICATION: Final = "id seq type title message read_at created_at subject"
SLOTS: Final = "doctor time_zone slots stream"
STREAM: Final = "topic seq epoch"
HOURS: Final = "available_days appointment_duration max_patients_per_day time_zone"
SECRET: Final = "a-long-walk-in-spring-7"
SECOND: Final = "a-long-walk-in-autumn-8"
THIRD: Final = "a-long-walk-in-winter-9"
DAY: Final = {"is_available": True, "start_time": "08:00", "end_time": "18:00:00"}
WEEK: Final = {
    "monday": DAY, "Tuesday": DAY, "WEDNESDAY": DAY, "THURSDAY": DAY, "FRIDAY": DAY, "SATURDAY": DAY,
    "SUNDAY": {"is_available": True, "windows": [
        {"start_time": "09:00", "end_time": "12:00"}, {"start_time": "13:00", "end_time": "17:00"},
    ]},
}  # fmt: skip
NEWCOMER: Final = {"password": SECRET, "first_name": "Ana", "last_name": "Lima"}


@dataclass(frozen=True, slots=True)
class Step:
    who: str
    call: str
    body: Any = None
    status: int = 200
    code: str = ""
    """Of a refusal."""
    has: dict[str, str] = field(default_factory=dict)
    """Where in the answer ("" is the top) which members are there."""
    lacks: dict[str, str] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    mail: str = ""
    """Before it, the last link in the last mail to this address is `{link}`, and `{letter}` stops such mails."""


WALK: Final = [
    # -- authentication
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "ana", "email": "Ana@example.org", "role": "PATIENT", "time_zone": "Europe/Lisbon"},
         201, has={"": "message user tokens", "user": USER, "tokens": "access refresh"},
         says={"user.role": "PATIENT", "user.is_approved": True, "user.time_zone": "Europe/Lisbon"},
         keep={"ana": "user.id", "ana_token": "tokens.access"}),
    Step("nobody", "POST /api/users/register/",
         {**NEWCOMER, "username": "dora", "email": "dora@example.org", "role": "DOCTOR", "specialization": "Cardiology",
          "time_zone": "Europe/Berlin"},
         201, has={"": "message user tokens id username email role", "user": DOCTOR_USER},
         says={"role": "DOCTOR", "username": "dora", "user.is_approved": False},
         keep={"dora": "id", "dora_token": "tokens.access"}),
    Step("nobody", "POST /api/users/register/",
         {**NEWCOMER, "username": "eve", "email": "eve@example.org", "role": "DOCTOR"}, 201, keep={"eve": "id"}),
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "x", "email": "x@example.org", "role": "ADMIN"}, 400, "invalid",
         says={"errors.0.field": "role"}),
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "x", "email": "x@example.org", "role": "RECEPTIONIST"}, 400, "invalid"),
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "x", "email": "ana@EXAMPLE.org", "role": "PATIENT"}, 400, "invalid",
         says={"errors.0.field": "email"}),
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "x@y", "email": "x@example.org", "role": "PATIENT"}, 400, "invalid",
         says={"errors.0.field": "username"}),
    Step("nobody", "POST /api/auth/register/",
         {**NEWCOMER, "username": "x", "email": "x@example.org", "role": "PATIENT", "is_staff": True}, 400, "invalid",
         says={"errors.0.field": "is_staff", "errors.0.code": "unknown"}),
    Step("nobody", "POST /api/auth/email/verify/", {"token": "{link}"}, 204, mail="ana@example.org"),
    Step("nobody", "POST /api/auth/email/verify/", {"token": "no-such-link"}, 400, "invalid"),
    Step("ana", "POST /api/auth/email/resend/", None, 202),
    Step("nobody", "POST /api/auth/login/", {"username": "ana", "password": SECRET}, has={"": "access refresh"},
         keep={"phone_token": "access"}),
    Step("nobody", "POST /api/token/", {"username": "ANA@example.org", "password": SECRET},
         has={"": "access refresh"}, keep={"refresh": "refresh"}),
    Step("nobody", "POST /api/auth/login/", {"username": "ana", "password": "wrong-horse-1"}, 401, "wrong_credentials"),
    Step("nobody", "POST /api/auth/login/", {"username": "ana", "password": SECRET}, lacks={"": "refresh"},
         headers={"X-Refresh-Cookie": "1"}),
    Step("nobody", "POST /api/auth/refresh/", {"refresh": "{refresh}"}, has={"": "access refresh"},
         keep={"next_refresh": "refresh"}),
    Step("nobody", "POST /api/auth/refresh/", {"refresh": "{refresh}"}, 401, "refresh_raced"),
    Step("nobody", "POST /api/token/refresh/", {"refresh": "{next_refresh}"}, has={"": "access refresh"}),
    Step("nobody", "POST /api/token/refresh/", {"refresh": "{ana_token}"}, 401, "token_invalid"),
    # The cookie of the sign-in with X-Refresh-Cookie.
    Step("nobody", "POST /api/auth/refresh/", {}, has={"": "access"}, lacks={"": "refresh"}),
    Step("nobody", "GET /api/users/me/", None, 401, "unauthenticated"),
    Step("ana", "GET /api/auth/sessions/", has={"sessions.0": "id device last_seen_at current"},
         keep={"session": "sessions.0.id"}),
    Step("phone", "GET /api/auth/sessions/"),
    Step("ana", "DELETE /api/auth/sessions/{other_session}/", None, 204),
    Step("ana", "DELETE /api/auth/sessions/{other_session}/", None, 404, "not_found"),
    Step("ana", "POST /api/auth/password/", {"old_password": "wrong-horse-1", "new_password": SECOND}, 400, "invalid"),
    Step("ana", "POST /api/auth/password/", {"old_password": SECRET, "new_password": SECOND}, 204),
    Step("phone", "GET /api/users/me/", None, 401, "token_invalid"),
    Step("nobody", "POST /api/auth/password/reset/", {"email": "nobody@example.org"}, 202,
         keep={"accepted": "message"}),
    Step("nobody", "POST /api/auth/password/reset/", {"email": "ana@example.org"}, 202, says={"message": "{accepted}"}),
    Step("nobody", "POST /api/auth/password/reset/confirm/", {"token": "{link}", "password": THIRD}, 204,
         mail="ana@example.org"),
    Step("nobody", "POST /api/auth/password/reset/confirm/", {"token": "{link}", "password": THIRD}, 400, "invalid",
         says={"errors.0.code": "link_invalid"}),
    Step("ana", "GET /api/users/me/", None, 401, "token_invalid"),
    Step("nobody", "POST /api/auth/login/", {"username": "ana", "password": THIRD}, keep={"phone_token": "access"}),
    Step("phone", "POST /api/auth/logout/", None, 204),
    Step("phone", "GET /api/users/me/", None, 401, "token_invalid"),
    Step("nobody", "POST /api/auth/login/", {"username": "ana", "password": THIRD}, keep={"ana_token": "access"}),
    # -- people
    Step("ana", "GET /api/users/me/", has={"": "user", "user": USER}),
    Step("ana", "PATCH /api/users/me/", {"phone_number": "+351 555", "role": "ADMIN", "id": 1},
         says={"user.phone_number": "+351 555", "user.role": "PATIENT", "user.id": "{ana}"}),
    Step("ana", "PUT /api/users/me/", {"first_name": "Ana", "last_name": "Lima", "language": "pt"},
         says={"user.language": "pt"}),
    Step("ana", "GET /api/users/me/preferences/",
         has={"preferences": "channels lead_times quiet_hours language",
              "preferences.channels": "in_app email push sms"},
         says={"preferences.lead_times": None, "preferences.quiet_hours": None, "preferences.channels.in_app": True}),
    Step("ana", "PUT /api/users/me/preferences/",
         {"channels": {"push": False}, "lead_times": ["3d", "30m"], "quiet_hours": {"from": "22:00", "until": "07:00"}},
         says={"preferences.channels.push": False, "preferences.channels.email": True,
               "preferences.lead_times": ["3d", "30m"],
               "preferences.quiet_hours": {"from": "22:00", "until": "07:00"}}),
    Step("ana", "PUT /api/users/me/preferences/", {"channels": {"in_app": False}}, 400, "invalid",
         says={"errors.0.field": "channels.in_app"}),
    Step("ana", "PUT /api/users/me/preferences/", {"lead_times": None, "quiet_hours": None},
         says={"preferences.lead_times": None, "preferences.quiet_hours": None}),
    Step("ana", "GET /api/users/", None, 403, "forbidden"),
    Step("admin", "GET /api/users/", has={"users.0": USER}),
    Step("admin", "GET /api/users/{dora}/", has={"user": DOCTOR_USER}, says={"user.id": "{dora}"}),
    Step("admin", "GET /api/users/999999999/", None, 404, "not_found"),
    Step("admin", "POST /api/users/",
         {"role": "RECEPTIONIST", "username": "rita", "password": SECRET, "first_name": "Rita", "last_name": "Desk"},
         201, has={"user": USER}, keep={"rita": "user.id"}),
    Step("nobody", "POST /api/auth/login/", {"username": "rita", "password": SECRET}, keep={"rita_token": "access"}),
    Step("rita", "GET /api/users/doctors/", has={"": "stream", "doctors.0": DOCTOR_USER, "stream": STREAM}),
    Step("rita", "GET /api/users/patients/?q=lima", has={"patients.0": USER}, says={"count": 1}),
    Step("rita", "POST /api/users/patients/", {"first_name": "Ben", "last_name": "Phone", "phone_number": "+49 30 1"},
         201, has={"": "user possible_duplicates", "user": USER}, says={"possible_duplicates": []},
         keep={"ben": "user.id"}),
    Step("rita", "POST /api/users/patients/", {"first_name": "Ben", "last_name": "Phone", "phone_number": "+49 30 1"},
         201, says={"possible_duplicates.0.id": "{ben}"}, keep={"twin": "user.id"}),
    Step("ana", "GET /api/users/doctors/", None, 403, "forbidden"),
    Step("dora", "GET /api/doctors/my_patients/", None, 403, "forbidden"),
    Step("rita", "POST /api/users/{dora}/approve/", None, 403, "forbidden"),
    Step("admin", "POST /api/users/{dora}/approve/", says={"user.is_approved": True}),
    Step("admin", "POST /api/users/{eve}/reject/", says={"user.id": "{eve}"}),
    Step("admin", "POST /api/users/{twin}/deactivate/", says={"user.id": "{twin}"}),
    Step("admin", "POST /api/users/{twin}/activate/", says={"user.id": "{twin}"}),
    Step("ana", "GET /api/clinic/", has={"clinic": "name time_zone closures rooms reminders"}),
    Step("rita", "PATCH /api/clinic/", {"name": "Here"}, 403, "forbidden"),
    Step("admin", "PATCH /api/clinic/", {"name": "By the river", "rooms": [{"name": "2"}]},
         says={"clinic.name": "By the river", "clinic.rooms.0.name": "2"}),
    # -- doctors
    Step("dora", "PUT /api/doctors/availability/", {"available_days": WEEK, "appointment_duration": 30},
         has={"availability": HOURS},
         says={"availability.available_days.MONDAY.start_time": "08:00",
               "availability.available_days.MONDAY.end_time": "18:00",
               "availability.available_days.SUNDAY.end_time": "17:00",
               "availability.available_days.SUNDAY.windows.1.start_time": "13:00"}),
    Step("dora", "PUT /api/doctors/availability/", {"available_days": {"FUNDAY": DAY}}, 400, "invalid"),
    Step("dora", "PUT /api/doctors/availability/",
         {"available_days": {"MONDAY": {"is_available": True, "start_time": "17:00", "end_time": "09:00"}}},
         400, "invalid"),
    Step("dora", "PUT /api/doctors/availability/", {"max_patients_per_day": 20},
         says={"availability.max_patients_per_day": 20, "availability.time_zone": "Europe/Berlin"}),
    Step("dora", "GET /api/doctors/availability/", has={"availability": HOURS}),
    Step("admin", "GET /api/doctors/{dora}/availability/", has={"availability": HOURS}),
    Step("admin", "PUT /api/doctors/{dora}/availability/", {"appointment_duration": 30},
         says={"availability.appointment_duration": 30}),
    Step("rita", "GET /api/doctors/{dora}/availability/", None, 403, "forbidden"),
    Step("ana", "GET /api/doctors/?specialization=cardiology&q=lima",
         has={"doctors.0": "id name specialization time_zone appointment_duration next_free"},
         lacks={"doctors.0": "email phone_number"}, says={"doctors.0.id": "{dora}"}),
    Step("ana", "GET /api/doctors/{dora}/slots/?from={day}&to={day}",
         has={"": SLOTS, "slots.0": "start end appointment_date start_time state", "stream": STREAM},
         says={"slots.0.state": "free", "slots.0.appointment_date": "{day}", "time_zone": "Europe/Berlin",
               "stream.topic": "slots.{dora}"},
         keep={"start": "slots.0.start", "second": "slots.1.start_time", "third": "slots.2.start",
               "fourth": "slots.3.start"}),
    Step("ana", "GET /api/doctors/{dora}/slots/?from=2031-01-01&to=2031-03-04", None, 400, "invalid"),
    Step("ana", "GET /api/doctors/{eve}/slots/", None, 404, "not_found"),
    Step("ana", "GET /api/appointments/available_doctors/?date={day}&specialization=Cardiology",
         has={"doctors.0": "id name availability appointment_duration max_patients_per_day free_slots"}),
    Step("ana", "GET /api/appointments/available_doctors/", lacks={"doctors.0": "free_slots"}),
    Step("ana", "GET /api/appointments/doctor_availability/?doctor_id={dora}&start_date={day}&end_date={day}",
         has={"": SLOTS}, says={"slots.0.start": "{start}"}),
    # -- appointments
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{start}", "notes": "the left one"},
         201,
         has={"": "message appointment health_record", "appointment": f"{APPOINTMENT} notes",
              "health_record": "id record_id title record_type created_at"},
         says={"appointment.status": "SCHEDULED", "appointment.notes": "the left one", "appointment.version": 1,
               "appointment.doctor": {"id": "{dora}", "name": "Ana Lima", "specialization": "Cardiology"},
               "appointment.patient": {"id": "{ana}", "name": "Ana Lima"}, "appointment.time_zone": "Europe/Berlin"},
         keep={"visit": "appointment.id", "visit_record": "health_record.id"}),
    Step("rita", "POST /api/appointments/book/", {"doctor": "{dora}", "appointment_date": "{day}",
         "start_time": "{second}", "patient_id": "{ben}"}, 201,
         has={"appointment": APPOINTMENT}, lacks={"appointment": "notes"},
         says={"appointment.start_time": "{second}", "appointment.appointment_date": "{day}"},
         keep={"bens": "appointment.id"}),
    Step("rita", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{start}", "patient_id": "{ben}"},
         409, "slot_taken", has={"": "alternatives"}),
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "2020-01-01T09:00:00+01:00"},
         400, "in_past"),
    Step("ana", "POST /api/appointments/book/",
         {"doctor_id": "{dora}", "appointment_date": "{day}", "start_time": "08:07:00"}, 400, "off_grid"),
    Step("ana", "POST /api/appointments/book/",
         {"doctor_id": "{dora}", "appointment_date": "{day}", "start_time": "05:00"}, 400, "outside_hours"),
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{third}", "patient_id": "{ben}"},
         404, "not_found"),
    Step("dora", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{third}"}, 403, "forbidden"),
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{third}", "status": "COMPLETED",
         "surprise": 1}, 400, "invalid", says={"errors.0.field": "surprise"}),
    Step("ana", "GET /api/appointments/?from={day}&to={day}&status=SCHEDULED&doctor={dora}",
         has={"": "stream", "appointments.0": f"{APPOINTMENT} notes"},
         says={"count": 1, "stream.topic": "user.{ana}"}),
    Step("dora", "GET /api/appointments/?patient={ana}", has={"appointments.0": "notes"},
         says={"count": 1, "stream.topic": "calendar.{dora}"}),
    Step("rita", "GET /api/appointments/", lacks={"appointments.0": "notes"},
         says={"count": 2, "stream.topic": "desk"}),
    Step("ana", "GET /api/appointments/{visit}/", has={"appointment": f"{APPOINTMENT} notes"}),
    Step("rita", "GET /api/appointments/{visit}/", lacks={"appointment": "notes"},
         says={"appointment.health_record": "{visit_record}"}),
    Step("ana", "GET /api/appointments/{bens}/", None, 404, "not_found"),
    Step("dora", "POST /api/doctors/time_off/",
         {"start": "{start}", "end": "{fourth}", "reason": "away"}, 201,
         has={"": "time_off affected", "affected.0": APPOINTMENT}, keep={"absence": "time_off.id"}),
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{third}"}, 400, "time_off"),
    Step("dora", "GET /api/doctors/time_off/", says={"count": 1, "time_off.0.id": "{absence}"}),
    Step("admin", "GET /api/doctors/time_off/?doctor_id={dora}", says={"time_off.0.id": "{absence}"}),
    Step("admin", "DELETE /api/doctors/time_off/{absence}/", None, 204),
    Step("ana", "POST /api/appointments/{visit}/confirm/", has={"": "message appointment"},
         says={"appointment.status": "SCHEDULED", "appointment.version": 2, "appointment.sequence": 0}),
    Step("dora", "POST /api/appointments/{visit}/confirm/", None, 403, "forbidden"),
    Step("dora", "POST /api/appointments/{visit}/no_show/", None, 409, "invalid_transition"),
    Step("ana", "POST /api/appointments/{visit}/reschedule/", {}, 400, "invalid"),
    Step("ana", "POST /api/appointments/{visit}/reschedule/", {"start": "{third}"},
         has={"": "message appointment", "appointment": f"{APPOINTMENT} notes"},
         says={"appointment.start": "{third}", "appointment.version": 3, "appointment.sequence": 1,
               "appointment.confirmed_at": None, "appointment.id": "{visit}"}),
    Step("rita", "POST /api/appointments/{visit}/reschedule/", {"start": "{start}", "doctor_id": "{dora}"},
         says={"appointment.start": "{start}", "appointment.sequence": 2}),
    Step("ana", "POST /api/appointments/{visit}/cancel/", {"reason": "late"}, 412, "version_conflict",
         headers={"If-Match": '"7"'}),
    Step("ana", "POST /api/appointments/{bens}/cancel/", None, 404, "not_found"),
    Step("ana", "POST /api/appointments/{visit}/cancel/", {"reason": "a cold"},
         has={"": "message appointment"}, headers={"If-Match": '"4"'},
         says={"appointment.status": "CANCELLED", "appointment.reason": "a cold", "appointment.version": 5,
               "appointment.sequence": 3}),
    Step("dora", "POST /api/appointments/{visit}/cancel/", says={"appointment.version": 5}),
    Step("ana", "POST /api/appointments/book/", {"doctor_id": "{dora}", "start": "{start}"}, 201,
         keep={"visit": "appointment.id", "visit_record": "health_record.id"}),
    Step("nobody", "POST /api/appointments/by_link/", {"token": "{link}", "act": "show"},
         has={"visit": "act status start end time_zone clinic confirmed_at"}, mail="ana@example.org",
         says={"visit.act": "cancel", "visit.status": "SCHEDULED", "visit.time_zone": "Europe/Berlin"}),
    Step("nobody", "GET /api/messages/unsubscribe/{letter}/", None, 302),
    Step("nobody", "POST /api/mail/events/", [], 404, "not_found"),
    Step("nobody", "POST /api/messages/unsubscribe/no-such-token/", None, 400, "invalid"),
    # -- assignments
    Step("ana", "POST /api/patients/{ana}/assign/", {"doctor_id": "{dora}"}, 201, has={"assignment": ASSIGNMENT},
         keep={"assignment": "assignment.id"}),
    Step("rita", "POST /api/patients/{ana}/assign/", {"doctor_id": "{dora}"}, 200,
         says={"assignment.id": "{assignment}"}),
    Step("ana", "GET /api/patients/{ana}/assignments/", has={"assignments.0": ASSIGNMENT}, says={"count": 1}),
    Step("dora", "POST /api/patients/{ben}/assign/", {"doctor_id": "{dora}"}, 404, "not_found"),
    Step("dora", "GET /api/doctors/my_patients/", has={"patients.0": "id name"}),
    Step("dora", "GET /api/doctors/patients/", has={"patients.0": "id name"}),
    # -- records
    Step("ana", "POST /api/records/", {"record_type": "LAB_RESULT", "title": "Blood", "description": "all well"}, 201,
         has={"record": RECORD}, lacks={"record.patient": "email username"},
         says={"record.version": 1, "record.doctor": None, "record.patient": {"id": "{ana}", "name": "Ana Lima"},
               "record.annotations": [], "record.attachments": [], "record.withdrawn": False},
         keep={"record": "record.id"}),
    Step("ana", "POST /api/records/",
         {"record_type": "PRESCRIPTION", "title": "Drops", "content": "thrice a day", "doctor": "{dora}", "patient": 1},
         201, says={"record.description": "thrice a day", "record.doctor.id": "{dora}", "record.patient.id": "{ana}"},
         keep={"drops": "record.id"}),
    Step("dora", "POST /api/records/", {"record_type": "OTHER", "title": "x"}, 403, "forbidden"),
    Step("rita", "POST /api/records/", {"record_type": "OTHER", "title": "x"}, 403, "forbidden"),
    Step("ana", "POST /api/records/", {"record_type": "POEM", "title": "x"}, 400, "invalid",
         says={"errors.0.field": "record_type"}),
    Step("ana", "GET /api/records/?type=LAB_RESULT&patient={ana}&q=well", has={"": "stream", "records.0": RECORD},
         says={"count": 1, "stream.topic": "user.{ana}"}),
    Step("dora", "GET /api/records/?doctor={dora}&type=PRESCRIPTION", says={"count": 1, "records.0.title": "Drops"}),
    Step("rita", "GET /api/records/", lacks={"records.0": "title description annotations attachments"}),
    Step("ana", "GET /api/records/{record}/", has={"": "record stream", "record": RECORD},
         says={"stream.topic": "record.{record}"}),
    Step("admin", "GET /api/records/{record}/", lacks={"record": "title description annotations attachments"}),
    Step("ana", "PUT /api/records/{record}/", {"record_type": "OTHER", "title": "Blood", "content": "better"},
         says={"record.version": 2, "record.description": "better"}, headers={"If-Match": '"1"'}),
    Step("ana", "PATCH /api/records/{record}/", {"title": "Old"}, 412, "version_conflict",
         headers={"If-Match": '"1"'}),
    Step("ana", "PATCH /api/records/{record}/", {"title": "Blood count", "version": 99},
         says={"record.version": 3, "record.title": "Blood count", "record.description": "better"}),
    Step("dora", "PATCH /api/records/{record}/", {"title": "Mine"}, 403, "forbidden"),
    Step("ana", "POST /api/records/{record}/assign/", {"doctor_id": "{dora}"}, says={"record.doctor.id": "{dora}"}),
    Step("dora", "POST /api/records/{record}/add_annotation/", {"content": "Good."}, 201,
         has={"annotation": ANNOTATION}, says={"annotation.content": "Good.", "annotation.record": "{record}"},
         keep={"note": "annotation.id"}),
    Step("dora", "POST /api/doctors/annotations/", {"record_id": "{record}", "content": "Better."}, 201,
         has={"annotation": ANNOTATION}),
    Step("dora", "POST /api/doctors/annotations/", {"record": "{record}", "content": "Best."}, 201,
         keep={"third_note": "annotation.id"}),
    Step("ana", "POST /api/records/{record}/add_annotation/", {"content": "Me too."}, 403, "forbidden"),
    Step("dora", "POST /api/comments/", {"record": "{record}", "comment": "Flat."}, 201, has={"": COMMENT},
         says={"comment": "Flat."}, keep={"comment": "id"}),
    Step("ana", "GET /api/comments/?record={record}", has={"comments.0": COMMENT}, says={"count": 4}),
    Step("ana", "GET /api/comments/{comment}/", has={"": COMMENT}, says={"record": "{record}"}),
    Step("dora", "PATCH /api/comments/{comment}/", {"comment": "Flatter."}, says={"comment": "Flatter."},
         headers={"If-Match": '"1"'}),
    Step("dora", "DELETE /api/comments/{comment}/", None, 412, "version_conflict", headers={"If-Match": '"1"'}),
    Step("dora", "DELETE /api/comments/{comment}/", None, 204),
    Step("dora", "PATCH /api/annotations/{note}/", {"content": "Very good."},
         says={"annotation.content": "Very good.", "annotation.version": 2}),
    Step("dora", "DELETE /api/annotations/{third_note}/", None, 204),
    Step("ana", "GET /api/records/{record}/history/", has={"": "versions annotations"}),
    Step("rita", "GET /api/records/{record}/history/", None, 403, "forbidden"),
    Step("ana", "DELETE /api/records/{record}/", None, 204),
    Step("ana", "GET /api/records/{record}/", None, 404, "not_found"),
    Step("dora", "GET /api/records/{record}/", says={"record.withdrawn": True}),
    Step("ana", "DELETE /api/records/{drops}/", None, 204),
    Step("dora", "GET /api/records/{drops}/", None, 404, "not_found"),
    Step("ana", "POST /api/assignments/{assignment}/end/", says={"assignment.id": "{assignment}"}),
    # -- notifications
    Step("dora", "GET /api/doctors/notifications/", has={"notifications.0": NOTIFICATION, "": "unread stream"}),
    Step("ana", "GET /api/notifications/?unread=true", has={"notifications.0": NOTIFICATION, "": "unread stream"},
         says={"stream.topic": "user.{ana}"}, keep={"seq": "notifications.0.seq", "line": "notifications.0.id"}),
    Step("ana", "POST /api/notifications/read/", {"ids": ["{line}"]}, has={"": "unread"}),
    Step("ana", "POST /api/notifications/read/", {"up_to": "{seq}"}, says={"unread": 0}),
    Step("ana", "GET /api/notifications/?unread=true", says={"count": 0, "unread": 0}),
    Step("ana", "GET /api/push/", has={"": "public_key"}, says={"subscribed": False}),
    Step("ana", "POST /api/push/", {"endpoint": "http://10.0.0.1/x"}, 400, "invalid",
         says={"errors.0.field": "endpoint"}),
    Step("ana", "POST /api/push/", {"endpoint": "https://push.example/x", "keys": {"auth": "x"}},
         says={"subscribed": True}),
    Step("ana", "DELETE /api/push/", None, 204),
    Step("rita", "GET /api/messages/?state=sent&channel=email&kind=email_verification&patient={ana}&limit=5",
         has={"": "messages next counts", "counts": "due overdue sent_today skipped_today failed",
              "messages.0": "source id kind lead channel person address state reason due_at ended_at attempts visit"},
         says={"messages.0.person.id": "{ana}", "messages.0.address": "A•••@example.org"},
         keep={"message": "messages.0.id"}),
    Step("rita", "POST /api/messages/{message}/retry/", None, 409, "invalid_transition"),
    Step("ana", "GET /api/messages/", None, 403, "forbidden"),
    Step("ana", "GET /api/events/?topic=user.{ana}&after=0", has={"": "topic epoch head events"}),
    Step("ana", "GET /api/events/?topic=user.{dora}&after=0", None, 404, "no_such_topic"),
    # -- by mailed links
    Step("nobody", "POST /api/appointments/by_link/", {"token": "{link}", "act": "cancel"},
         says={"visit.status": "CANCELLED"}),
    Step("nobody", "POST /api/appointments/by_link/", {"token": "{link}", "act": "cancel"}, 410, "visit_cancelled"),
    Step("nobody", "POST /api/messages/unsubscribe/{letter}/", None, 204),
    # -- operations
    Step("nobody", "GET /api/schema/?format=json"),
    Step("nobody", "GET /api/docs/"),
    Step("nobody", "GET /livez"),
    Step("nobody", "GET /readyz"),
    Step("admin", "GET /metrics"),
    Step("nobody", "GET /api/no/such/address/", None, 404, "not_found"),
]  # fmt: skip

# What the contract names and nobody has built yet. A call that is built leaves this table for a step above.
ABSENT: Final = """
POST   /api/appointments/walk_in/
POST   /api/appointments/{visit}/arrive/
POST   /api/appointments/{visit}/call/
POST   /api/appointments/{visit}/start/
POST   /api/appointments/{visit}/complete/
POST   /api/appointments/{visit}/undo/
POST   /api/appointments/hold/
POST   /api/appointments/hold/1/extend/
DELETE /api/appointments/hold/1/
GET    /api/doctors/{dora}/visit_types/
POST   /api/doctors/me/running_late/
POST   /api/doctors/{dora}/running_late/
GET    /api/queue/
GET    /api/waitlist/
POST   /api/waitlist/
DELETE /api/waitlist/1/
POST   /api/waitlist/1/accept/
POST   /api/waitlist/1/decline/
POST   /api/calendar/
DELETE /api/calendar/
GET    /api/calendar/no-such-token.ics
POST   /api/wall/
DELETE /api/wall/
GET    /api/wall/no-such-token/
GET    /api/patients/{ana}/access_log/
POST   /api/patients/{ana}/break_glass/
GET    /api/records/{visit_record}/access_log/
POST   /api/records/{visit_record}/attachments/
GET    /api/records/{visit_record}/attachments/
GET    /api/attachments/1/
DELETE /api/attachments/1/
"""
