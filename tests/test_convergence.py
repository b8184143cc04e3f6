"""What a client has after its events is what a fresh load gives: for every event type, topic and viewer.

The reducer here is the reference for every client: put by id, never a lower version; slots by their start;
`hours.changed` loads its dates again; lines of the inbox are added and marked; records come and go.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine

from clinic.actions.attendance import mark_no_show
from clinic.actions.reminders import claim_reminder, remind
from clinic.events import CATALOGUE
from clinic.models import Appointment, Doctor, Entry, HealthRecord, Person
from clinic.policy import may_watch
from clinic.queries.journal import frames_after
from clinic.queries.records import readers_of, record_references
from clinic.topics import (
    Topic,
    TopicKind,
    calendar_topic,
    parse_topic,
    record_topic,
    slots_topic,
    user_topic,
)
from tests import world
from tests.api.client import Api, Json, ok
from tests.contract import check_received

pytestmark = pytest.mark.django_db

FAR: Final = {"from": "2027-03-01", "to": "2027-03-16"}
# Of a person, what events promise to keep: hours are told by `hours.changed` in another topic.
HOURS: Final = ("available_days", "appointment_duration", "max_patients_per_day")


class Screen:
    """One client with one topic on it."""

    def __init__(self, viewer: Person, topic: Topic) -> None:
        self.viewer = viewer
        self.topic = topic
        self.api = Api(viewer, checked=False)
        self.seq = 0
        self.state: Json = {}

    def open(self) -> None:
        """Load the snapshot; its stream says from where to watch."""
        self.state = self.load()
        self.seq = self.state.pop("seq")

    def fresh(self) -> Json:
        state = self.load()
        del state["seq"]
        return state

    def catch_up(self) -> list[str]:
        """Apply what came after the snapshot; the types of it."""
        assert self._may_watch()
        frames = [json.loads(f.text) for f in frames_after(str(self.topic), self.seq, limit=1000)]
        assert [frame["seq"] for frame in frames] == list(
            range(self.seq + 1, self.seq + 1 + len(frames))
        )
        for frame in frames:
            check_received(frame)
            self.apply(frame)
        return [frame["type"] for frame in frames]

    def is_shut_out(self) -> bool:
        return False

    def _may_watch(self) -> bool:
        about_a_record = self.topic.kind is TopicKind.RECORD
        owner = self.topic.owner or 0
        readers = readers_of([owner])[owner] if about_a_record else ()
        return may_watch(self.viewer, self.topic, readers=readers)

    def load(self) -> Json:
        raise NotImplementedError

    def apply(self, frame: Json) -> None:
        raise NotImplementedError

    def pages(self, path: str, plural: str) -> tuple[int, Json]:
        """All pages of a list by id, and the number its first page stands at."""
        answer = ok(self.api.get(path, limit=4))
        assert answer["stream"]["topic"] == str(self.topic)
        seq, items = answer["stream"]["seq"], answer[plural]
        while answer["next"]:
            answer = ok(self.api.follow(answer["next"]))
            items += answer[plural]
        return seq, {item["id"]: item for item in items}

    def put(self, table: str, item: Json) -> None:
        known = self.state[table].get(item["id"])
        if known is None or known.get("version", 0) <= item.get("version", 0):
            self.state[table][item["id"]] = item


class CalendarScreen(Screen):
    def load(self) -> Json:
        seq, appointments = self.pages("/api/appointments/", "appointments")
        return {"seq": seq, "appointments": appointments}

    def apply(self, frame: Json) -> None:
        if not frame["type"].startswith("appointment."):
            return
        if self.belongs(frame["data"]):
            self.put("appointments", frame["data"])
        else:
            self.state["appointments"].pop(frame["data"]["id"], None)

    def belongs(self, appointment: Json) -> bool:
        """One that was given to a colleague leaves the calendar."""
        return bool(appointment["doctor"]["id"] == self.viewer.pk)


class DeskScreen(CalendarScreen):
    def belongs(self, appointment: Json) -> bool:
        return True

    def load(self) -> Json:
        _, people = self.pages("/api/users/doctors/", "doctors")
        return {**super().load(), "people": {n: _without_hours(p) for n, p in people.items()}}

    def apply(self, frame: Json) -> None:
        super().apply(frame)
        if frame["type"] in ("doctor.assigned", "doctor.unassigned"):
            return  # what the desk shows of it is the news itself
        if frame["type"].startswith(("doctor.", "person.")) and frame["data"]["role"] == "DOCTOR":
            self.put("people", _without_hours(frame["data"]))


class OwnScreen(Screen):
    """A person's own: appointments of a patient, the inbox, records, the profile."""

    def load(self) -> Json:
        seq, lines = self.pages("/api/notifications/", "notifications")
        shown: Json = {"seq": seq, "inbox": lines}
        if self.viewer.role == "PATIENT":
            _, shown["appointments"] = self.pages("/api/appointments/", "appointments")
        shown["unread"] = ok(self.api.get("/api/notifications/"))["unread"]
        shown["records"] = self._records()
        shown["me"] = self._me()
        shown["wishes"] = ok(self.api.get("/api/users/me/preferences/"))["preferences"]
        return shown

    def apply(self, frame: Json) -> None:
        kind, data = frame["type"], frame["data"]
        if kind.startswith("appointment.") and "appointments" in self.state:
            self.put("appointments", data)
        elif kind in ("record.created", "record.updated"):
            self.state["records"][data["record"]] = _without_actor(data)
        elif kind == "record.voided":
            self.state["records"].pop(data["record"], None)
        elif kind.startswith(("record.", "doctor.assigned", "doctor.unassigned")):
            # Whose they are has changed: which ones are left, the list says.
            self.state["records"] = self._records()
        elif kind.startswith("annotation."):
            assert data["record"] in self.state["records"]
        elif kind.startswith(("doctor.", "person.")):
            self.state["me"] = _without_hours(data)
        elif kind == "notification.read":
            self._mark_read(data)
        elif kind == "preferences.changed":
            self.state["wishes"] = data
            # Their language is a part of their profile, too.
            self.state["me"] = self._me()
        if "notification" in frame:
            self.state["inbox"][frame["notification"]["id"]] = frame["notification"]
            self.state["unread"] += 1

    def _me(self) -> Json:
        return _without_hours(ok(self.api.get("/api/users/me/"))["user"])

    def _records(self) -> Json:
        return {one.record: _without_actor(one.wire()) for one in record_references(self.viewer)}

    def _mark_read(self, mark: Json) -> None:
        for line in self.state["inbox"].values():
            named = (
                line["id"] in mark["ids"] if mark["up_to"] is None else line["seq"] <= mark["up_to"]
            )
            if named and line["read_at"] is None:
                line["read_at"] = mark["read_at"]
        self.state["unread"] = mark["unread"]


class RecordScreen(Screen):
    """One record, with what is written in it."""

    def load(self) -> Json:
        answer = ok(self.api.get(f"/api/records/{self.topic.owner}/"))
        record = answer["record"]
        notes = {note["id"]: note for note in record.pop("annotations")}
        return {"seq": answer["stream"]["seq"], "record": record, "notes": notes}

    def apply(self, frame: Json) -> None:
        kind, data = frame["type"], frame["data"]
        if kind == "annotation.removed":
            self.state["notes"].pop(data["id"], None)
        elif kind.startswith("annotation."):
            self.put("notes", data)
        elif data["version"] >= self.state["record"]["version"]:
            notes = data.pop("annotations")
            self.state = {"record": data, "notes": {note["id"]: note for note in notes}}

    def is_shut_out(self) -> bool:
        """Whether the viewer has lost the right to this topic; then the record is not found any more."""
        readers = readers_of([self.topic.owner or 0])[self.topic.owner or 0]
        shut_out = not may_watch(self.viewer, self.topic, readers=readers)
        if shut_out:
            assert self.api.get(f"/api/records/{self.topic.owner}/").status_code == 404
        return shut_out


class SlotsScreen(Screen):
    def load(self) -> Json:
        answer = self._slots(**FAR)
        return {"seq": answer["stream"]["seq"], "slots": {s["start"]: s for s in answer["slots"]}}

    def apply(self, frame: Json) -> None:
        assert frame["actor"] is None
        assert "cause" not in frame
        if frame["type"] == "hours.changed":
            self._load_again(frame["data"]["dates"])
        else:
            self.state["slots"][frame["data"]["start"]] = frame["data"]

    def _load_again(self, dates: list[str]) -> None:
        slots = self.state["slots"]
        for start in [s for s in slots if not dates or slots[s]["appointment_date"] in dates]:
            del slots[start]
        spans = [{"from": day, "to": day} for day in dates if FAR["from"] <= day <= FAR["to"]]
        for span in spans if dates else [FAR]:
            slots |= {slot["start"]: slot for slot in self._slots(**span)["slots"]}

    def _slots(self, **days: str) -> Json:
        response = self.api.get(f"/api/doctors/{self.topic.owner}/slots/", **days)
        if response.status_code == 404:  # not bookable at present: nothing to show
            return {"slots": [], "stream": {"seq": self.seq}}
        return ok(response)


def _without_hours(person: Json) -> Json:
    return {name: value for name, value in person.items() if name not in HOURS}


def _without_actor(reference: Json) -> Json:
    return {name: value for name, value in reference.items() if name != "actor"}


# -- the stage -----------------------------------------------------------------------------------


class Stage:
    """A clinic with some past, and every kind of client looking at it."""

    def __init__(self) -> None:
        self.doctor, self.colleague = world.a_doctor("doctor", limit=3), world.a_doctor("colleague")
        self.pending = world.a_pending_doctor("pending")
        self.ana, self.ben = world.a_patient("ana"), world.a_patient("ben")
        self.desk, self.admin = world.a_receptionist("desk"), world.an_admin("admin")
        self.visits = [
            self.book(self.ana, self.doctor, "2027-03-02T09:00:00Z"),
            self.book(self.ben, self.colleague, "2027-03-02T09:00:00Z"),
            self.book(self.ben, self.doctor, "2027-03-03T09:00:00Z", by=self.desk),
        ]
        self.record = world.a_record(self.ana, self.doctor)
        self.plain = world.a_record(self.ana)
        self.note = world.annotate(self.record, self.doctor)
        self.assignment = world.assign(self.ben, self.doctor)
        self.screens = list(self._screens())
        for screen in self.screens:
            screen.open()

    def _screens(self) -> Iterator[Screen]:
        for person in (
            self.ana, self.ben, self.doctor.person, self.colleague.person, self.pending.person,
            self.desk, self.admin,
        ):  # fmt: skip
            yield OwnScreen(person, user_topic(person.pk))
        for doctor in (self.doctor, self.colleague):
            yield CalendarScreen(doctor.person, calendar_topic(doctor.pk))
        for person in (self.desk, self.admin):
            yield DeskScreen(person, Topic(TopicKind.DESK))
        for person in (self.ana, self.doctor.person):
            yield RecordScreen(person, record_topic(self.record.pk))
        yield RecordScreen(self.ana, record_topic(self.plain.pk))
        yield SlotsScreen(self.ben, slots_topic(self.doctor.pk))
        yield SlotsScreen(self.desk, slots_topic(self.colleague.pk))
        yield SlotsScreen(self.doctor.person, slots_topic(self.pending.pk))

    def book(self, patient: Person, doctor: Doctor, start: str, by: Person | None = None) -> int:
        body = {
            "doctor_id": doctor.pk,
            "start": start,
            "notes": "my knee",
            "patient_id": patient.pk,
        }
        answer = ok(Api(by or patient).post("/api/appointments/book/", body, key=start), 201)
        booked: int = answer["appointment"]["id"]
        return booked

    def cancel(self, visit: int, by: Person) -> None:
        ok(Api(by).post(f"/api/appointments/{visit}/cancel/", {"reason": "ill"}))

    def do(self, what: str, visit: int, by: Person, **body: Any) -> None:
        ok(Api(by).post(f"/api/appointments/{visit}/{what}/", body))

    def decide(self, decision: str, person_id: int) -> None:
        ok(Api(self.admin).post(f"/api/users/{person_id}/{decision}/"))

    def set_hours(self, doctor: Doctor, **change: Any) -> None:
        ok(Api(doctor).put("/api/doctors/availability/", change))

    def noise(self, day: str) -> None:
        """What goes on in a clinic while something happens."""
        visit = self.book(self.ben, self.colleague, f"{day}T13:00:00Z")
        self.book(self.ana, self.colleague, f"{day}T13:30:00Z", by=self.desk)
        self.cancel(visit, self.colleague.person)


Thing = Callable[[Stage], None]


def register_doctor(stage: Stage) -> None:
    body = {
        "username": "newcomer", "email": "new@example.org", "password": world.PASSWORD,
        "role": "DOCTOR", "specialization": "Surgery",
    }  # fmt: skip
    ok(Api().post("/api/auth/register/", body), 201)


def admin_makes_a_doctor(stage: Stage) -> None:
    body = {"role": "DOCTOR", "first_name": "Mei", "last_name": "New", "specialization": "Surgery"}
    ok(Api(stage.admin).post("/api/users/", body), 201)


def admin_closes_a_day(stage: Stage) -> None:
    closures = [{"date": "2027-03-09", "reason": "Painting"}]
    ok(Api(stage.admin).patch("/api/clinic/", {"closures": closures}))


def read_one(stage: Stage) -> None:
    ana = Api(stage.ana)
    stage.cancel(stage.visits[0], stage.doctor.person)
    lines = ok(ana.get("/api/notifications/"))["notifications"]
    ok(ana.post("/api/notifications/read/", {"ids": [lines[-1]["id"], 10**15]}))


def read_up_to(stage: Stage) -> None:
    ben = Api(stage.ben)
    lines = ok(ben.get("/api/notifications/"))["notifications"]
    ok(ben.post("/api/notifications/read/", {"up_to": lines[0]["seq"]}))


def fill_the_day(stage: Stage) -> None:
    """The third of three visits: the day's free slots are gone at one stroke."""
    for start in ("09:00", "10:00", "11:00"):
        stage.book(stage.ana, stage.doctor, f"2027-03-10T{start}:00Z")


def empty_a_full_day(stage: Stage) -> None:
    fill_the_day(stage)
    last = ok(Api(stage.ana).get("/api/appointments/", **{"from": "2027-03-10"}))["appointments"][
        -1
    ]
    stage.cancel(last["id"], stage.ana)


def time_off_and_back(stage: Stage) -> None:
    body = {"start": "2027-03-09T00:00:00Z", "end": "2027-03-10T12:00:00Z"}
    first = ok(Api(stage.doctor).post("/api/doctors/time_off/", body), 201)["time_off"]
    body = {**body, "end": "2027-03-11T12:00:00Z", "doctor_id": stage.colleague.pk}
    ok(Api(stage.admin).post("/api/doctors/time_off/", body), 201)
    Api(stage.doctor).delete(f"/api/doctors/time_off/{first['id']}/")


def change_a_record(stage: Stage) -> None:
    changes = {"title": "Left knee", "record_type": "LAB_RESULT"}
    ok(Api(stage.ana).patch(f"/api/records/{stage.record.pk}/", changes))


def name_a_doctor(record: str, doctor: str | None) -> Thing:
    def thing(stage: Stage) -> None:
        body = {"doctor_id": getattr(stage, doctor).pk if doctor else None}
        path = f"/api/records/{getattr(stage, record).pk}/assign/"
        ok(Api(stage.ana).post(path, body))

    return thing


def write_a_note(stage: Stage) -> None:
    path = f"/api/records/{stage.record.pk}/add_annotation/"
    ok(Api(stage.doctor).post(path, {"content": "Ice."}), 201)


def change_a_note(stage: Stage) -> None:
    ok(Api(stage.doctor).patch(f"/api/annotations/{stage.note.pk}/", {"content": "More rest."}))


def assign_a_doctor(stage: Stage) -> None:
    path = f"/api/patients/{stage.ana.pk}/assign/"
    ok(Api(stage.desk).post(path, {"doctor_id": stage.colleague.pk}), 201)


def miss_a_visit(stage: Stage) -> None:
    visit = Appointment.objects.get(pk=stage.visits[0])
    with time_machine.travel(visit.start, tick=False):
        mark_no_show(actor=stage.desk, appointment_id=visit.pk)


def remind_the_patient(stage: Stage) -> None:
    visit = Appointment.objects.get(pk=stage.visits[0])
    with time_machine.travel(visit.start - timedelta(hours=2), tick=False):
        while (claimed := claim_reminder()) is not None:
            remind(claimed)


def choose_to_be_told_otherwise(stage: Stage) -> None:
    wishes = {"channels": {"email": False}, "lead_times": ["3d"], "language": "de"}
    ok(Api(stage.ana).put("/api/users/me/preferences/", wishes))


# Things that happen, and what is told of each.
CASES: Final[list[tuple[str, Thing]]] = [
    (
        "appointment.booked slot.taken record.created",
        lambda s: void(s.book(s.ana, s.doctor, "2027-03-09T08:00:00Z")),
    ),
    (
        "appointment.booked slot.taken record.created",
        lambda s: void(s.book(s.ana, s.doctor, "2027-03-09T08:00:00Z", by=s.admin)),
    ),
    (
        "appointment.cancelled slot.freed record.voided",
        lambda s: s.cancel(s.visits[0], s.ana),
    ),
    (
        "appointment.cancelled slot.freed record.voided",
        lambda s: s.cancel(s.visits[0], s.doctor.person),
    ),
    ("appointment.cancelled slot.freed", lambda s: s.cancel(s.visits[2], s.desk)),
    (
        "appointment.rescheduled slot.freed slot.taken",
        lambda s: s.do("reschedule", s.visits[0], s.ana, start="2027-03-09T08:00:00Z"),
    ),
    (
        "appointment.rescheduled slot.freed slot.taken record.assigned doctor.assigned doctor.unassigned",
        lambda s: s.do(
            "reschedule",
            s.visits[0],
            s.desk,
            start="2027-03-09T08:00:00Z",
            doctor_id=s.colleague.pk,
        ),
    ),
    ("appointment.confirmed", lambda s: s.do("confirm", s.visits[0], s.ana)),
    ("appointment.no_show slot.freed", miss_a_visit),
    (
        "hours.changed",
        lambda s: s.set_hours(s.doctor, available_days={"MONDAY": world.LONG_DAY}),
    ),
    ("hours.changed", lambda s: s.set_hours(s.doctor, appointment_duration=20)),
    ("hours.changed", lambda s: s.set_hours(s.doctor, max_patients_per_day=1)),
    ("hours.changed", fill_the_day),
    ("hours.changed", empty_a_full_day),
    ("hours.changed", time_off_and_back),
    ("hours.changed", admin_closes_a_day),
    ("reminder.due", remind_the_patient),
    (
        "waitlist.offered",
        lambda s: world.offer(s.ana, s.doctor, stands=timedelta(minutes=10)),
    ),
    ("doctor.registered", register_doctor),
    ("doctor.registered doctor.approved hours.changed", admin_makes_a_doctor),
    ("doctor.approved hours.changed", lambda s: s.decide("approve", s.pending.pk)),
    ("doctor.rejected", lambda s: s.decide("reject", s.pending.pk)),
    ("person.deactivated", lambda s: s.decide("deactivate", s.ana.pk)),
    ("person.deactivated hours.changed", lambda s: s.decide("deactivate", s.colleague.pk)),
    ("record.created doctor.assigned", lambda s: void(world.a_record(s.ana, s.colleague))),
    ("record.updated", change_a_record),
    ("record.assigned doctor.assigned", name_a_doctor("plain", "doctor")),
    ("record.assigned doctor.assigned doctor.unassigned", name_a_doctor("record", "colleague")),
    ("record.assigned doctor.unassigned", name_a_doctor("record", None)),
    ("record.withdrawn", lambda s: world.remove_record(s.record)),
    ("record.voided", lambda s: world.remove_record(s.plain)),
    ("annotation.added", write_a_note),
    ("annotation.updated", change_a_note),
    (
        "annotation.removed",
        lambda s: void(Api(s.doctor).delete(f"/api/annotations/{s.note.pk}/")),
    ),
    ("doctor.assigned", assign_a_doctor),
    ("doctor.unassigned", lambda s: void(world.end(s.assignment))),
    ("notification.read", read_one),
    ("notification.read", read_up_to),
    ("preferences.changed", choose_to_be_told_otherwise),
]


def void(_: object) -> None:
    """For calls whose answer does not matter."""


def test_every_event_type_has_a_case() -> None:
    assert {name for types, _ in CASES for name in types.split()} == CATALOGUE.keys()


def cases() -> Iterator[Any]:
    """All on one engine; of each noun the first on both: its numbers, times and JSON come from there."""
    nouns = set()
    for types, thing in CASES:
        noun = types.partition(".")[0]
        marks = [pytest.mark.engine("sqlite")] if noun in nouns else []
        nouns.add(noun)
        yield pytest.param(types, thing, marks=marks)


@pytest.mark.parametrize(("types", "thing"), [*cases()])
def test_after_its_events_every_client_has_what_a_fresh_load_gives(
    types: str, thing: Thing
) -> None:
    stage = Stage()
    began = set(Entry.objects.values_list("pk", flat=True))
    stage.noise("2027-03-15")
    thing(stage)
    if not _is_gone(stage.colleague.person) and not _is_gone(stage.ana):
        stage.noise("2027-03-16")

    told: dict[str, set[Topic]] = defaultdict(set)
    for entry in Entry.objects.exclude(pk__in=began).select_related("event").defer("body"):
        told[entry.event.type].add(parse_topic(entry.topic))
    assert set(types.split()) <= told.keys()
    seen: dict[str, set[Topic]] = defaultdict(set)
    for screen in stage.screens:
        if _is_gone(screen.viewer):
            assert screen.api.get("/api/users/me/").status_code == 401
            continue
        if screen.is_shut_out():
            continue
        before = copy.deepcopy(screen.state)
        heard = screen.catch_up()
        for name in heard:
            seen[name].add(screen.topic)
        fresh = screen.fresh()
        assert screen.state == fresh, f"{screen.topic} of {screen.viewer}"
        assert heard or before == fresh, f"{screen.topic}: changed, and nothing was said"
    unwatched = _topics_without_a_client(stage)
    assert all(told[name] - seen[name] <= unwatched for name in types.split())


def _topics_without_a_client(stage: Stage) -> set[Topic]:
    """Those of people who are shut out, of who registered meanwhile, and of records nobody looks at."""
    looking = {screen.viewer.pk for screen in stage.screens if not _is_gone(screen.viewer)}
    others = Person.objects.exclude(pk__in=looking).values_list("pk", flat=True)
    theirs = {topic(pk) for pk in others for topic in (user_topic, calendar_topic, slots_topic)}
    shown = {screen.topic for screen in stage.screens if not screen.is_shut_out()}
    records = map(record_topic, HealthRecord.objects.values_list("pk", flat=True))
    return theirs | (set(records) - shown)


def _is_gone(person: Person) -> bool:
    return not Person.objects.get(pk=person.pk).is_active
