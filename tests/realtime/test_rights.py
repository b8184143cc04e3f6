"""Rights on open sockets: nobody hears what is not theirs, and a right that ends, ends within a second."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from clinic import clock
from clinic.actions.appointments import reschedule_appointment
from clinic.actions.passwords import change_password, set_password_by_link
from clinic.actions.people import deactivate_person
from clinic.actions.records import assign_record
from clinic.actions.sessions import end_own_session, end_session, refresh_session
from clinic.errors import TokenInvalid
from clinic.events import (
    CATALOGUE,
    AnnotationEvent,
    AppointmentEvent,
    AppointmentRescheduled,
    AssignmentEvent,
    DoctorRegistered,
    Event,
    HoursChanged,
    NotificationRead,
    PersonEvent,
    PreferencesChanged,
    RecordEvent,
    ReminderDue,
    SlotEvent,
    WaitlistOffered,
)
from clinic.journal import announce_rights
from clinic.links import LinkKind, new_link_token
from clinic.models import Doctor, HealthRecord, Person, Preferences, Reminder, Role, Session
from clinic.queries.journal import heads_of
from clinic.rules.slots import Slot, SlotState, Span
from clinic.topics import record_topic
from tests import world
from tests.clients import Socket
from tests.realtime.stage import (
    connect,
    everything_sent,
    goodbye,
    hub_here,
    in_db,
    lasting,
    move,
    session_of,
    signed_in,
    tell,
)

pytestmark = pytest.mark.usefixtures("hub")
DESK = "desk"


# -- R2: for every event, a socket without the right receives no frame of it ------------------------------


class Cast:
    """Everyone who could be listening, and something for every event to be about."""

    def __init__(self) -> None:
        self.doctor: Doctor = world.a_doctor()
        self.other_doctor: Doctor = world.a_doctor()
        self.patient = world.a_patient()
        self.people: dict[str, Person] = {
            "patient": self.patient,
            "other patient": world.a_patient(),
            "doctor": self.doctor.person,
            "other doctor": self.other_doctor.person,
            "pending doctor": world.a_pending_doctor().person,
            "receptionist": world.a_receptionist(),
            "admin": world.an_admin(),
        }
        self.appointment = world.book(self.doctor, self.patient, notes="a secret")
        self.record = HealthRecord.objects.get()
        self.annotation = world.annotate(self.record, self.doctor, "a secret")
        span = Span(self.appointment.start, self.appointment.end)
        self.slot = Slot(span, SlotState.TAKEN)

    def one(self, kind: type[Event]) -> Event:
        """An event of this type. A type that is not here has no proof of who hears of it."""
        if issubclass(kind, AppointmentRescheduled):
            old, before = self.slot.span, self.other_doctor
            return kind(appointment=self.appointment, old=old, doctor_before=before)
        if issubclass(kind, AppointmentEvent):
            return kind(appointment=self.appointment)
        if issubclass(kind, PreferencesChanged):
            return kind(person=self.patient, preferences=Preferences(person=self.patient))
        if issubclass(kind, SlotEvent):
            return kind(doctor_id=self.doctor.pk, time_zone="UTC", slot=self.slot)
        if issubclass(kind, RecordEvent):
            return kind(record=self.record, readers=(self.doctor.pk,))
        if issubclass(kind, AnnotationEvent):
            note, readers = self.annotation, (self.doctor.pk,)
            return kind(record=self.record, annotation=note, readers=readers)
        if issubclass(kind, AssignmentEvent):
            doctor, patient = self.doctor, self.patient
            return kind(doctor=doctor, patient=patient, why="record", record=self.record)
        if issubclass(kind, PersonEvent):
            return kind(person=self.doctor.person)
        if issubclass(kind, HoursChanged):
            return kind(doctor_id=self.doctor.pk)
        if issubclass(kind, NotificationRead):
            return kind(person_id=self.patient.pk, up_to=1, ids=(), unread=0, read_at=clock.now())
        if issubclass(kind, ReminderDue):
            due = Reminder(appointment=self.appointment, kind="1d")
            return kind(reminder=due, appointment=self.appointment)
        if issubclass(kind, WaitlistOffered):
            patient, doctor, at = self.patient, self.doctor, clock.now()
            span = self.slot.span
            return kind(entry_id=7, patient=patient, doctor=doctor, span=span, expires_at=at)
        raise AssertionError(f"{kind.type} has no example")

    def topics(self) -> list[str]:
        owners = [person.pk for person in self.people.values()]
        kinds = ("user", "calendar", "slots")
        of_people = [f"{kind}.{owner}" for kind in kinds for owner in owners]
        return [*of_people, f"record.{self.record.pk}", DESK]

    def may(self, who: str, topic: str) -> bool:
        """The table of the contract, written a second time."""
        kind, _, owner = topic.partition(".")
        person = self.people[who]
        match kind:
            case "user":
                return owner == str(person.pk)
            case "calendar":
                return owner == str(person.pk) and who in ("doctor", "other doctor")
            case "slots":
                return True
            case "record":
                return who in ("patient", "doctor")
            case _:
                return who in ("receptionist", "admin")


async def test_of_every_event_only_those_hear_who_may_watch_its_topics(settings: Any) -> None:
    settings.SOCKET_COMMAND_BURST = 200
    cast = await in_db(Cast)
    before = await in_db(heads_of, cast.topics())
    async with AsyncExitStack() as stack:
        sockets = {
            who: await stack.enter_async_context(signed_in(person))
            for who, person in cast.people.items()
        }
        for who, socket in sockets.items():
            for topic in cast.topics():
                reply = await socket.command("watch", topic=topic)
                assert reply["ok"] is cast.may(who, topic), (who, topic)
        for kind in CATALOGUE.values():
            await in_db(tell, cast.one(kind), actor=cast.people["admin"])
        after = await in_db(heads_of, cast.topics())
        told = {topic: after[topic] - before[topic] for topic in cast.topics()}
        assert sum(told.values()) >= len(CATALOGUE)
        for who, socket in sockets.items():
            for topic in filter(lambda one: cast.may(who, one), cast.topics()):
                await everything_sent(socket, topic, after[topic])
        await hub_here().wake_all()
        await asyncio.gather(*(socket.ping() for socket in sockets.values()))

    for who, socket in sockets.items():
        for topic in cast.topics():
            heard = len(socket.events(topic))
            assert heard == (told[topic] if cast.may(who, topic) else 0), (who, topic)
    heard_types = {event["type"] for socket in sockets.values() for event in socket.events()}
    assert heard_types == set(CATALOGUE)
    at_the_desk = sockets["receptionist"].events(DESK)
    assert all("notes" not in event["data"] for event in at_the_desk)
    for socket in sockets.values():
        slots = [event for event in socket.events() if event["topic"].startswith("slots.")]
        assert all(event["actor"] is None and "cause" not in event for event in slots)


# -- a right that ends ---------------------------------------------------------------------------------------


BY = pytest.mark.parametrize("by", ["nudge", "sweep"])


def arrange(by: str, settings: Any) -> float:
    """How the change is noticed; returns within how many seconds it must be."""
    if by == "nudge":
        return 1.0
    settings.EVENT_SINKS = []
    settings.SWEEP_SECONDS = 0.3
    return 1.3


async def closed_within(socket: Socket, seconds: float) -> tuple[int, str, str]:
    begun = asyncio.get_running_loop().time()
    code, why = await goodbye(socket)
    assert asyncio.get_running_loop().time() - begun < seconds
    return code, why["code"], why["reconnect"]


def change_role(person: Person, role: Role) -> None:
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(role=role)
        announce_rights(person.pk)


def register_a_doctor(doctor: Doctor, times: int = 1) -> None:
    tell(*(DoctorRegistered(person=doctor.person) for _ in range(times)))


@BY
async def test_signing_out_closes_the_sockets_of_that_session_only(by: str, settings: Any) -> None:
    seconds = arrange(by, settings)
    patient = await in_db(world.a_patient)
    one, two = await in_db(world.tokens, patient), await in_db(world.tokens, patient)
    async with connect(token=one.access) as ends, connect(token=two.access) as stays:
        await in_db(lambda: end_session(session_of(one.access).pk))
        assert await closed_within(ends, seconds) == (4401, "session_ended", "yes")
        await stays.ping()


@BY
@pytest.mark.parametrize(
    "how", ["password changed", "password set by link", "signed out from afar"]
)
async def test_a_session_ended_from_afar_is_closed_and_the_one_that_did_it_stays(
    how: str, by: str, settings: Any
) -> None:
    seconds = arrange(by, settings)
    patient = await in_db(world.a_patient)
    one, two = await in_db(world.tokens, patient), await in_db(world.tokens, patient)
    other = await in_db(world.a_patient)

    def end() -> None:
        new, here = "another-horse-battery-8", session_of(two.access)
        if how == "password changed":
            change_password(actor=patient, session_id=here.id, old=world.PASSWORD, new=new)
        elif how == "password set by link":
            set_password_by_link(token=new_link_token(LinkKind.RESET, patient), password=new)
        else:
            end_own_session(actor=patient, number=session_of(one.access).number)

    async with (
        connect(token=one.access) as ends,
        connect(token=two.access) as here,
        signed_in(other) as stranger,
    ):
        await in_db(end)
        assert await closed_within(ends, seconds) == (4401, "session_ended", "yes")
        if how == "password set by link":
            assert await closed_within(here, seconds) == (4401, "session_ended", "yes")
        else:
            await here.ping()
        await stranger.ping()


@BY
async def test_a_deactivated_person_is_closed_4403(by: str, settings: Any) -> None:
    seconds = arrange(by, settings)
    admin, patient = await in_db(world.an_admin), await in_db(world.a_patient)
    async with signed_in(patient) as one, signed_in(patient) as two, signed_in(admin) as other:
        await in_db(lambda: deactivate_person(actor=admin, person_id=patient.pk))
        for socket in (one, two):
            assert await closed_within(socket, seconds) == (4403, "forbidden", "no")
        await other.ping()


@BY
async def test_a_stolen_refresh_token_ends_the_sockets_too(by: str, settings: Any) -> None:
    seconds = arrange(by, settings)
    pair = await in_db(lambda: world.tokens(world.a_patient()))

    def use_again() -> None:
        refresh_session(refresh=pair.refresh)
        later = timedelta(seconds=settings.REFRESH_RACE_SECONDS + 1)
        Session.objects.filter(pk=session_of(pair.access).pk).update(rotated_at=clock.now() - later)
        with pytest.raises(TokenInvalid):
            refresh_session(refresh=pair.refresh)

    async with connect(token=pair.access) as socket:
        await in_db(use_again)
        assert await closed_within(socket, seconds) == (4401, "session_ended", "yes")


@BY
async def test_a_receptionist_who_becomes_a_patient_leaves_the_desk(by: str, settings: Any) -> None:
    seconds = arrange(by, settings)
    doctor, receptionist = await in_db(world.a_doctor), await in_db(world.a_receptionist)
    async with signed_in(receptionist) as socket, signed_in(await in_db(world.an_admin)) as admin:
        await admin.watch(DESK)
        for topic in (DESK, "slots.1", f"user.{receptionist.pk}"):
            await socket.watch(topic)
        await in_db(register_a_doctor, doctor)
        await everything_sent(socket, DESK, 1)
        begun = asyncio.get_running_loop().time()
        await in_db(change_role, receptionist, Role.PATIENT)
        revoked = await socket.until(lambda frame: frame.get("op") == "revoked")
        assert asyncio.get_running_loop().time() - begun < seconds
        assert revoked["topic"] == DESK
        await in_db(register_a_doctor, doctor, 3)
        await in_db(move, 1)
        await everything_sent(admin, DESK, 4)
        await everything_sent(socket, "slots.1", 1)  # what may still be heard, is
        assert [event["seq"] for event in socket.events(DESK)] == [1]
        assert (await socket.command("watch", topic=DESK))["error"]["code"] == "no_such_topic"
        assert (await socket.command("unwatch", topic=DESK))["error"]["code"] == "no_such_topic"


async def test_a_right_that_is_given_can_be_used_on_the_open_socket() -> None:
    patient = await in_db(world.a_patient)
    async with signed_in(patient) as socket:
        assert not (await socket.command("watch", topic=DESK))["ok"]
        await in_db(change_role, patient, Role.RECEPTIONIST)
        async with asyncio.timeout(1):
            while not (await socket.command("watch", topic=DESK))["ok"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@BY
async def test_no_event_of_a_topic_is_sent_that_was_committed_after_its_right_ended(
    by: str, settings: Any
) -> None:
    """Events, the change and the reads race; what came after the change must not be heard."""
    arrange(by, settings)
    doctor, admin = await in_db(world.a_doctor), await in_db(world.an_admin)
    async with signed_in(admin) as witness:
        await witness.watch(DESK)
        seq = 0
        for turns in range(8):
            receptionist = await in_db(world.a_receptionist)
            async with signed_in(receptionist) as socket:
                await socket.watch(DESK)
                await in_db(register_a_doctor, doctor, 3)
                for _ in range(turns):
                    await asyncio.sleep(0.001)
                await in_db(change_role, receptionist, Role.PATIENT)
                last = seq = seq + 3
                for _ in range(3):
                    await in_db(register_a_doctor, doctor)
                    seq += 1
                await socket.until(lambda frame: frame.get("op") == "revoked")
                await everything_sent(witness, DESK, seq)
                await witness.ack()
                await socket.ping()
                assert all(event["seq"] <= last for event in socket.events(DESK))


# -- an open record ----------------------------------------------------------------------------------------------


class OpenRecord:
    """A record that two doctors of its patient have open, one of whom is about to lose it."""

    def __init__(self) -> None:
        self.admin, self.patient = world.an_admin(), world.a_patient()
        self.loser, self.keeper, self.named = (world.a_doctor() for _ in range(3))
        self.assignment = world.assign(self.patient, self.loser)
        world.assign(self.patient, self.keeper)
        self.record = world.a_record(self.patient, self.named)
        self.topic = str(record_topic(self.record.pk))

    def annotate(self) -> None:
        world.annotate(self.record, self.keeper, "a secret")

    def name_nobody(self) -> None:
        assign_record(actor=self.patient, record_id=self.record.pk, doctor_id=None)

    def change_password(self, person: Person) -> None:
        here = session_of(world.tokens(person).access).id
        new = "another-horse-battery-8"
        change_password(actor=person, session_id=here, old=world.PASSWORD, new=new)


class OpenVisitRecord(OpenRecord):
    """The record of a visit, which is about to be given to a colleague."""

    def __init__(self) -> None:
        super().__init__()
        self.visit = world.book(self.named, self.patient)
        self.record = HealthRecord.objects.get(appointment=self.visit)
        self.topic = str(record_topic(self.record.pk))

    def move(self) -> None:
        start, to = world.next_free_start(self.keeper), self.keeper.pk
        desk = world.a_receptionist()
        reschedule_appointment(actor=desk, appointment_id=self.visit.pk, when=start, doctor_id=to)


def end_all_of(person: Person) -> None:
    for session in Session.objects.filter(person=person):
        end_session(session.pk)


# Who loses the open record, by what, and how their socket is told.
CUTS: dict[str, tuple[str, Callable[[Any], object], str | int]] = {
    "assignment ended": ("loser", lambda scene: world.end(scene.assignment), "revoked"),
    "not named any more": ("named", OpenRecord.name_nobody, "revoked"),
    "visit moved": ("named", OpenVisitRecord.move, "revoked"),
    "record removed": ("patient", lambda scene: world.remove_record(scene.record), "revoked"),
    "deactivated": (
        "loser",
        lambda scene: deactivate_person(actor=scene.admin, person_id=scene.loser.pk),
        4403,
    ),
    "signed out": ("loser", lambda scene: end_all_of(scene.loser.person), 4401),
    "password changed": ("loser", lambda scene: scene.change_password(scene.loser.person), 4401),
}


@BY
@pytest.mark.parametrize("how", CUTS)
async def test_a_record_that_is_open_is_closed_with_the_right_to_it(
    how: str, by: str, settings: Any
) -> None:
    seconds = arrange(by, settings)
    scene = await in_db(OpenVisitRecord if how == "visit moved" else OpenRecord)
    who, cut, told = CUTS[how]
    loser = scene.patient if who == "patient" else getattr(scene, who).person
    async with (
        signed_in(loser) as socket,
        signed_in(scene.keeper.person) as witness,
        signed_in(scene.keeper.person) as late,
    ):
        for each in (socket, witness):
            await each.watch(scene.topic)
        await in_db(scene.annotate)
        for each in (socket, witness):
            await each.next_event(scene.topic)
            await each.until(lambda frame: len(frame.get("watching", ())) == 2)
        before = len(socket.frames)

        await in_db(cut, scene)
        begun = asyncio.get_running_loop().time()
        await late.watch(scene.topic)
        if how != "record removed":
            await in_db(scene.annotate)
        if told == "revoked":
            revoked = await socket.until(lambda frame: frame.get("op") == "revoked")
            assert revoked["topic"] == scene.topic
        else:
            assert await socket.closed() == told
        assert asyncio.get_running_loop().time() - begun < seconds

        await witness.until(lambda frame: len(frame.get("watching", ())) == 1)
        await everything_sent(
            witness, scene.topic, (await in_db(heads_of, [scene.topic]))[scene.topic]
        )
        if told == "revoked":
            reply = await socket.command("watch", topic=scene.topic)
            assert reply["error"]["code"] == "no_such_topic"
        after = [frame for frame in socket.frames[before:] if frame.get("topic") == scene.topic]
        # Where the read finds out before the sweep does, the topic is revoked before the socket is closed.
        assert [frame["op"] for frame in after] in (
            [["revoked"]] if told == "revoked" else [[], ["revoked"]]
        )


async def test_without_nudge_and_sweep_a_record_is_not_delivered_to_who_lost_it(
    settings: Any,
) -> None:
    settings.EVENT_SINKS = []
    scene = await in_db(OpenRecord)
    async with signed_in(scene.loser.person) as socket, signed_in(scene.keeper.person) as witness:
        for each in (socket, witness):
            await each.watch(scene.topic)
        await in_db(world.end, scene.assignment)
        await in_db(scene.annotate)
        head = (await in_db(heads_of, [scene.topic]))[scene.topic]
        hub_here().wake(scene.topic, head)
        await everything_sent(witness, scene.topic, head)
        await socket.until(lambda frame: frame.get("op") == "revoked")
        assert socket.events() == []


# -- the read itself refuses ------------------------------------------------------------------------------------


def ended(person: Person) -> None:
    Session.objects.filter(person=person).update(ended_at=clock.now())


def deactivated(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=False)


def demoted(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(role=Role.PATIENT)


def forgotten(person: Person) -> None:
    Session.objects.filter(person=person).delete()


LOSSES = pytest.mark.parametrize("lose", [ended, deactivated, demoted, forgotten])


@LOSSES
async def test_without_nudge_and_sweep_the_delivery_itself_asks_for_the_right(
    lose: Callable[[Person], None], settings: Any
) -> None:
    settings.EVENT_SINKS = []
    doctor = await in_db(world.a_doctor)
    loser, keeper = await in_db(world.a_receptionist), await in_db(world.a_receptionist)
    async with signed_in(loser) as socket, signed_in(keeper) as other:
        await socket.watch(DESK)
        await other.watch(DESK)
        await in_db(lose, loser)
        await in_db(register_a_doctor, doctor)
        hub_here().wake(DESK, 1)  # a wake of the topic, and of nobody's rights
        await everything_sent(other, DESK, 1)
        revoked = await socket.until(lambda frame: frame.get("op") == "revoked")
        assert revoked["topic"] == DESK
        assert socket.events() == []


@LOSSES
async def test_without_nudge_and_sweep_the_replay_itself_asks_for_the_right(
    lose: Callable[[Person], None], settings: Any
) -> None:
    settings.EVENT_SINKS = []
    settings.SOCKET_ACK_WINDOW = 4
    doctor = await in_db(world.a_doctor)
    loser = await in_db(world.a_receptionist)
    await in_db(register_a_doctor, doctor, 10)
    async with signed_in(loser) as socket:
        await socket.watch(DESK, since=0)
        await everything_sent(socket, DESK, 4)
        await in_db(lose, loser)
        await socket.ack()
        await socket.until(lambda frame: frame.get("op") == "revoked")
        assert len(socket.events()) == 4


@pytest.mark.parametrize("lose", [ended, deactivated, forgotten])
async def test_without_nudge_and_sweep_an_ended_session_can_watch_nothing_more(
    lose: Callable[[Person], None], settings: Any
) -> None:
    settings.EVENT_SINKS = []
    patient = await in_db(world.a_patient)
    async with signed_in(patient) as socket:
        await in_db(lose, patient)
        reply = await socket.command("watch", topic="slots.1")
        assert not reply["ok"]
        assert await socket.closed() in (4401, 4403)


async def test_a_token_that_expires_between_ticks_is_noticed_by_the_tick() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with connect(token=lasting(pair.access, 3)) as socket:
        await socket.watch("slots.1")
        assert await socket.closed() == 4401
        assert not hub_here().feeds
