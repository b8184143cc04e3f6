"""Who has a record open is told to those who may read it, across processes, and forgotten in time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import pytest

from clinic.actions.people import deactivate_person
from clinic.models import Doctor, HealthRecord, Person, Viewing
from clinic.topics import record_topic
from realtime.marks import InDatabase, InRedis, Mark, Store
from tests import world
from tests.clients import Frame, Socket, open_socket
from tests.realtime.stage import away, hub_here, in_db, signed_in
from tests.servers.fixtures import StartWeb
from tests.servers.redis import Redis
from tests.servers.web import Web

pytestmark = pytest.mark.usefixtures("hub")


class Case:
    """A record, its patient, and two doctors of theirs."""

    def __init__(self) -> None:
        self.patient = world.a_patient()
        self.doctor: Doctor = world.a_doctor()
        self.other: Doctor = world.a_doctor()
        for doctor in (self.doctor, self.other):
            world.assign(self.patient, doctor)
        self.record: HealthRecord = world.a_record(self.patient)
        self.topic = str(record_topic(self.record.pk))

    def end(self, doctor: Doctor) -> None:
        world.end(self.patient.assignments.get(doctor=doctor))


@pytest.fixture
async def case(hub: None) -> Case:
    return await in_db(Case)


async def told(socket: Socket, *people: Person) -> Frame:
    """The next frame of presence names exactly these, and says what they are."""
    frame = await socket.until(lambda frame: frame.get("op") == "presence")
    expected = [
        {"id": one.pk, "name": one.name, "role": one.role}
        for one in sorted(people, key=lambda person: person.pk)
    ]
    assert frame["watching"] == expected
    return frame


def all_told(socket: Socket) -> list[Frame]:
    return [frame for frame in socket.frames if frame.get("op") == "presence"]


# -- the marks, in both places --------------------------------------------------------------------------


STORES = pytest.mark.parametrize(
    "store", [InDatabase, pytest.param(InRedis, marks=pytest.mark.engine("postgres"))]
)


@pytest.fixture
async def stores(hub: None, store: Callable[[str], Store]) -> AsyncIterator[tuple[Store, Store]]:
    ours, theirs = store("ours"), store("theirs")
    yield ours, theirs
    await ours.close()
    await theirs.close()


@STORES
async def test_marks_are_seen_by_the_other_processes_until_they_are_ended(
    stores: tuple[Store, Store],
) -> None:
    ours, theirs = stores
    person = await in_db(world.a_patient)
    one, two = Mark("record.1", person.pk), Mark("record.2", person.pk)
    await ours.write([one, two], [])
    await ours.write([one], [])

    assert set(await theirs.elsewhere(["record.1", "record.3"])) == {one}
    assert await ours.elsewhere(["record.1"]) == {}
    await theirs.write([two], [one])
    assert set(await theirs.elsewhere(["record.1", "record.2"])) == {one, two}
    await ours.write([], [one, two])
    assert await theirs.elsewhere(["record.1", "record.2"]) == {}


@STORES
async def test_a_mark_whose_lease_ran_out_shows_nobody_until_it_is_renewed(
    stores: tuple[Store, Store], settings: Any
) -> None:
    ours, theirs = stores
    mark = Mark("record.1", (await in_db(world.a_patient)).pk)
    settings.PRESENCE_LEASE_SECONDS = -1.0
    await ours.write([mark], [])
    assert await theirs.elsewhere(["record.1"]) == {}

    settings.PRESENCE_LEASE_SECONDS = 45.0
    await ours.write([mark], [])
    assert set(await theirs.elsewhere(["record.1"])) == {mark}


# -- on the sockets of one process ------------------------------------------------------------------------


async def test_everyone_who_watches_a_record_is_told_who_comes_and_goes(case: Case) -> None:
    doctor, patient = case.doctor.person, case.patient
    async with signed_in(doctor) as first, signed_in(patient) as theirs:
        await first.watch(case.topic)
        await told(first, doctor)
        await theirs.watch(case.topic)
        await told(first, doctor, patient)
        await told(theirs, doctor, patient)
        async with signed_in(doctor) as second:
            await second.watch(case.topic)
            await told(second, doctor, patient)
            await first.unwatch(case.topic)
            async with signed_in(case.other.person) as last:
                await last.watch(case.topic)
                everyone = (doctor, patient, case.other.person)
                for socket in (last, theirs, second):
                    await told(socket, *everyone)
        # Both have closed; that the doctor's first tab left was no news to anybody.
        async with asyncio.timeout(10):
            while all_told(theirs)[-1]["watching"] != [
                {"id": patient.pk, "name": patient.name, "role": "PATIENT"}
            ]:
                await theirs.until(lambda frame: frame.get("op") == "presence")
        assert len(all_told(first)) == 2
    assert not [frame for frame in all_told(theirs) if "seq" in frame]


async def test_no_other_topic_says_who_watches_it(case: Case) -> None:
    async with signed_in(case.doctor.person) as socket:
        for topic in (f"calendar.{case.doctor.pk}", f"slots.{case.doctor.pk}"):
            await socket.watch(topic)
            await socket.unwatch(topic)
        await socket.watch(case.topic)
        await told(socket, case.doctor.person)
        assert len(all_told(socket)) == 1


@pytest.mark.parametrize("how", ["assignment ended", "deactivated"])
async def test_who_loses_the_right_leaves_the_list_at_once_and_hears_no_more(
    how: str, case: Case
) -> None:
    loser, patient = case.doctor, case.patient
    admin = await in_db(world.an_admin)
    async with signed_in(loser.person) as leaving, signed_in(patient) as staying:
        for socket in (leaving, staying):
            await socket.watch(case.topic)
        await told(staying, loser.person, patient)
        if how == "deactivated":
            await in_db(lambda: deactivate_person(actor=admin, person_id=loser.pk))
        else:
            await in_db(case.end, loser)
        await told(staying, patient)
        heard = len(all_told(leaving))
        async with signed_in(case.other.person) as third:
            await third.watch(case.topic)
            await told(staying, patient, case.other.person)
        assert len(all_told(leaving)) == heard


async def test_of_another_process_only_those_are_shown_who_may_watch(
    case: Case, settings: Any
) -> None:
    """As if another process had marked staff, a stranger, and a doctor whose right ends unheard there."""
    settings.SWEEP_SECONDS = 0.2
    patient, other = case.patient, case.other
    people = [
        await in_db(world.an_admin),
        await in_db(world.a_receptionist),
        await in_db(world.a_patient),
        other.person,
    ]
    async with (
        elsewhere([Mark(case.topic, one.pk) for one in people]) as marks,
        signed_in(patient) as socket,
    ):
        await socket.watch(case.topic)
        await told(socket, patient, other.person)
        await in_db(case.end, other)
        await told(socket, patient)
        await marks.write([Mark(case.topic, case.doctor.pk)], [])
        await told(socket, patient, case.doctor.person)  # found by the look, without a nudge
        settings.PRESENCE_LEASE_SECONDS = -1.0
        await marks.write([Mark(case.topic, case.doctor.pk)], [])
        await told(socket, patient)


class elsewhere:  # noqa: N801 (used as a context)
    """Another web process, as far as marks can tell."""

    def __init__(self, marks: Collection[Mark]) -> None:
        from realtime.marks import shared_store

        self._given = marks
        self._store = shared_store("elsewhere")

    async def __aenter__(self) -> Store:
        await self._store.write(self._given, [])
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.close()


# -- what it rests on may fail ----------------------------------------------------------------------------


async def annotation_arrives(socket: Socket, case: Case) -> None:
    await in_db(world.annotate, case.record, case.other)
    await socket.next_event(case.topic, "annotation.added")


@pytest.mark.engine("sqlite")
async def test_without_its_table_events_arrive_and_the_own_process_knows_its_viewers(
    case: Case,
) -> None:
    async with away(Viewing), signed_in(case.doctor.person) as one, signed_in(case.patient) as two:
        await one.watch(case.topic)
        await two.watch(case.topic)
        await told(two, case.doctor.person, case.patient)
        await annotation_arrives(one, case)


async def test_with_redis_dead_events_arrive_and_marks_are_set_once_it_is_back(
    case: Case, redis: Redis, settings: Any
) -> None:
    settings.SWEEP_SECONDS = 0.2
    redis.kill()
    async with signed_in(case.doctor.person) as one, signed_in(case.patient) as two:
        await one.watch(case.topic)
        await two.watch(case.topic)
        await told(two, case.doctor.person, case.patient)
        await annotation_arrives(one, case)
        redis.start()
        async with elsewhere([]) as marks, asyncio.timeout(20):
            while len(await marks.elsewhere([case.topic])) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.2)


async def test_a_process_renews_all_it_has_in_one_go(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = str(record_topic((await in_db(world.a_record, case.patient)).pk))
    async with signed_in(case.doctor.person) as one, signed_in(case.patient) as two:
        for socket in (one, two):
            for topic in (case.topic, second):
                await socket.watch(topic)
        for _ in range(2):
            await told(two, case.doctor.person, case.patient)
        marks = hub_here().presence._marks
        write, written = marks.write, list[set[Mark]]()

        async def note(kept: Collection[Mark], gone: Collection[Mark]) -> None:
            written.append({*kept, *gone})
            await write(kept, gone)

        monkeypatch.setattr(marks, "write", note)
        await hub_here().presence.renew()
        people = (case.doctor.pk, case.patient.pk)
        assert written == [{Mark(topic, who) for topic in (case.topic, second) for who in people}]


async def test_who_watches_nothing_of_the_kind_asks_nothing_of_the_marks(
    case: Case, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SWEEP_SECONDS = settings.PRESENCE_RENEWAL_SECONDS = 0.05
    asked: list[str] = []
    for store in (InDatabase, InRedis):
        monkeypatch.setattr(store, "_ask", lambda self, *args, **named: asked.append("asked"))
    async with signed_in(case.doctor.person) as socket:
        await socket.watch(f"calendar.{case.doctor.pk}")
        await in_db(world.book, case.doctor, case.patient)
        await socket.next_event()
        await hub_here().presence.look()
        await hub_here().presence.renew()
    assert asked == []


# -- real processes ------------------------------------------------------------------------------------------


@pytest.mark.engine("postgres")
@pytest.mark.parametrize("shared", ["redis", "database"])
async def test_viewers_of_two_processes_see_each_other_and_a_killed_ones_vanish(
    shared: str, start_web: StartWeb, tmp_path: Any
) -> None:
    def start(name: str) -> Web:
        env: dict[str, str | None] = {"DJANGO_SETTINGS_MODULE": "tests.realtime.short_leases"}
        if shared == "database":
            env |= {"REDIS_URL": None, "CLINIC_DATA_DIR": str(tmp_path / name)}
        return start_web(name=name, env=env, wait=False)

    webs = start("near"), start("far")
    case = await in_db(Case)
    tokens = [await in_db(world.tokens, who) for who in (case.doctor.person, case.patient)]
    for web in webs:
        await in_db(web.wait_until_it_answers)
    dying, staying = webs
    async with (
        open_socket(dying.ws_url, token=tokens[0].access) as lost,
        open_socket(staying.ws_url, token=tokens[1].access) as kept,
    ):
        await lost.watch(case.topic)
        await told(lost, case.doctor.person)
        await kept.watch(case.topic)
        await told(kept, case.doctor.person, case.patient)
        await told(lost, case.doctor.person, case.patient)
        await in_db(dying.kill)
        await told(kept, case.patient)
