"""B5: from a commit to the frames that tell of it, through the whole product."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.crowd import ClinicMember, Member, crowd
from tests.bench.machine import CpuShare
from tests.bench.numbers import percentile, summary
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import STAMPED, PinnedWeb, Stage
from tests.bench.wire import HttpConnection
from tests.bench.witness import witness

DOCTORS: Final = 20
RECEPTIONISTS: Final = 5
CONNECTIONS: Final = 64
AT_ONCE: Final = 20
GRACE_SECONDS: Final = 10.0
Event = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Booking:
    """Whose token, and what is booked."""

    token: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    per_second: int
    seconds: float


@dataclass(slots=True)
class Measured:
    """Moments in monotonic ns, which all processes of one Linux machine share."""

    received: list[tuple[str, int, int]] = field(default_factory=list)
    booked_ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    """How many bookings ended how: by status, or `none` in time."""
    seconds: float = 0

    def note(self, topic: str, seq: int, at_ns: int) -> None:
        self.received.append((topic, seq, at_ns))

    def forget(self) -> None:
        self.received.clear()
        self.booked_ms.clear()
        self.answers.clear()


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env = place.production("latency")
    people = place.ask(
        env,
        "seed.make_clinic",
        doctors=DOCTORS,
        patients=scale.sockets,
        receptionists=RECEPTIONISTS,
    )
    web = place.web(env, application=STAMPED)
    web.start()
    try:
        return asyncio.run(_measure(place, scale, web, people))
    finally:
        web.kill()


async def _measure(place: Stage, scale: Scale, web: PinnedWeb, people: Any) -> dict[str, Any]:
    measured = Measured()
    makers = _makers(people, measured)
    _receptionist, token = people["receptionists"][0]
    async with crowd() as watching, witness(web.port, token, "desk") as desk:
        with step(f"B5: {len(makers)} sockets sign in", len(makers)) as progress:
            await watching.join(makers, web.port, at_once=AT_ONCE, progress=progress.at)
        plan = _plan(people)
        async with _quiet_client(), _connections(web.port) as connections:
            warm_up = Load(scale.bookings_per_second[0], scale.warm_up_seconds)
            await _book(plan, connections, warm_up, measured, "B5: warm-up")
            rates = [
                await _round(
                    place, web, plan, connections, Load(rate, scale.booking_seconds), measured
                )
                for rate in scale.bookings_per_second
            ]
        watching.check()
        await desk.until(max(seq for topic, seq, _at in measured.received if topic == "desk"))
    return {"sockets": len(makers), "rates": rates}


async def _round(
    place: Stage,
    web: PinnedWeb,
    plan: Iterator[Booking],
    connections: asyncio.Queue[HttpConnection],
    load: Load,
    measured: Measured,
) -> dict[str, Any]:
    measured.forget()
    web.stamps()
    shares = CpuShare(server=web.pid, postgres=place.postgres.pid, redis=place.redis.pid)
    shares.start()
    began = time.monotonic()
    await _book(plan, connections, load, measured, f"B5: {load.per_second} bookings/s")
    measured.seconds = time.monotonic() - began
    used = shares.stop()
    await asyncio.sleep(1)
    return {"asked_per_second": load.per_second, **_report(measured, web.stamps(), used)}


def _makers(people: Any, measured: Measured) -> list[Callable[[], Member]]:
    """Each patient watches their own topic and one doctor's slots; doctors and the desk, what they need."""
    doctors = [doctor_id for doctor_id, _token in people["doctors"]]
    patients = [
        (token, f"slots.{doctors[number % len(doctors)]}", person_id)
        for number, (person_id, token) in enumerate(people["patients"])
    ]
    staff = [(token, f"calendar.{person_id}", person_id) for person_id, token in people["doctors"]]
    staff += [(token, "desk", person_id) for person_id, token in people["receptionists"]]
    return [_maker(*each, measured) for each in [*patients[: -len(staff)], *staff]]


def _maker(token: str, topic: str, person_id: int, measured: Measured) -> Callable[[], Member]:
    return lambda: ClinicMember(token, {f"user.{person_id}": None, topic: None}, measured.note)


def _plan(people: Any) -> Iterator[Booking]:
    """One booking after the other. Doctors take turns, and so do patients."""
    number = 0
    for start in people["starts"]:
        for doctor_id, _token in people["doctors"]:
            _patient, token = people["patients"][number % len(people["patients"])]
            yield Booking(token, {"doctor_id": doctor_id, "start": start})
            number += 1


async def _book(
    plan: Iterator[Booking],
    connections: asyncio.Queue[HttpConnection],
    load: Load,
    measured: Measured,
    text: str,
) -> None:
    """Book at a fixed rate, whether or not earlier bookings have been answered.

    A server that cannot keep up has some seconds more; what is not answered then is counted.
    """
    count = round(load.seconds * load.per_second)
    began = time.monotonic()
    bookings = []
    with step(text, count) as progress:
        for number in range(count):
            await asyncio.sleep(max(0, began + number / load.per_second - time.monotonic()))
            bookings.append(asyncio.create_task(_book_one(next(plan), connections, measured)))
            progress.at(number)
        _done, late = await asyncio.wait(bookings, timeout=GRACE_SECONDS)
    for booking in late:
        booking.cancel()
    measured.answers["none"] += len(late)
    await asyncio.gather(*bookings, return_exceptions=True)


async def _book_one(
    booking: Booking, connections: asyncio.Queue[HttpConnection], measured: Measured
) -> None:
    began = time.monotonic()
    connection = await connections.get()
    body = booking.body
    try:
        status, _answer = await connection.post(
            "/api/appointments/book/",
            body,
            token=booking.token,
            key=f"{body['doctor_id']}-{body['start']}",
        )
    except asyncio.CancelledError:
        connection.close()
        raise
    finally:
        connections.put_nowait(connection)
    measured.booked_ms.append((time.monotonic() - began) * 1000)
    measured.answers[str(status)] += 1


@asynccontextmanager
async def _connections(port: int) -> AsyncIterator[asyncio.Queue[HttpConnection]]:
    everyone = [HttpConnection(port) for _ in range(CONNECTIONS)]
    free: asyncio.Queue[HttpConnection] = asyncio.LifoQueue()
    for connection in everyone:
        free.put_nowait(connection)
    yield free
    for connection in everyone:
        connection.close()


@asynccontextmanager
async def _quiet_client() -> AsyncIterator[None]:
    """The load client must not stop to collect garbage while it looks at the clock."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- what it says --------------------------------------------------------------------------------------


def _report(
    measured: Measured,
    stamps: list[tuple[str, str, int, int]],
    used: dict[str, float],
) -> dict[str, Any]:
    stops = _stops(stamps)
    frames = [
        _Frame.of(topic, at, stops.get((topic, seq), {})) for topic, seq, at in measured.received
    ]
    whole = [frame for frame in frames if frame is not None]
    latency = [frame.total_ms for frame in whole]
    own = [frame.total_ms for frame in whole if frame.topic.startswith("user.")]
    return {
        "answered_per_second": round(len(measured.booked_ms) / measured.seconds, 1),
        "bookings": len(measured.booked_ms),
        "answers": dict(measured.answers),
        "frames": len(frames),
        "frames_without_every_stamp": len(frames) - len(whole),
        "commit_to_frame_ms": summary(latency),
        "commit_to_own_frame_ms": summary(own),
        "request_to_answer_ms": summary(measured.booked_ms),
        "stages_ms": _stages(whole),
        "curve_ms": [round(percentile(latency, share / 200), 3) for share in range(1, 201)],
        "cpu": used,
        "server_cpu_ms_per_booking": round(
            used["server"] * 1000 * measured.seconds / len(measured.booked_ms), 2
        ),
    }


def _stops(stamps: list[tuple[str, str, int, int]]) -> dict[Event, dict[str, int]]:
    """When each event passed each stop. A wake or a page may stand for several numbers at once."""
    stops: dict[Event, dict[str, int]] = {}
    for stop, topic, seq, at in stamps:
        stops.setdefault((topic, seq), {}).setdefault(stop, at)
    by_topic: dict[str, list[int]] = {}
    for topic, seq in stops:
        by_topic.setdefault(topic, []).append(seq)
    for topic, numbers in by_topic.items():
        later: dict[str, int] = {}
        for seq in sorted(numbers, reverse=True):
            found = stops[topic, seq]
            for stop in ("committed", "woken"):
                if stop in found:
                    later[stop] = found[stop]
                elif stop in later:
                    found[stop] = later[stop]
    return stops


@dataclass(frozen=True, slots=True)
class _Frame:
    topic: str
    total_ms: float
    stages_ms: dict[str, float]

    @classmethod
    def of(cls, topic: str, received: int, stops: dict[str, int]) -> "_Frame | None":
        """None for a frame that a stamp is missing of, as when the sweep was faster than the nudge."""
        if not {"committed", "woken", "read"} <= stops.keys():
            return None
        moments = [stops["committed"], stops["woken"], stops["read"], received]
        names = ("commit to hub", "read page and rights", "write to socket and client")
        stages = {
            name: (moments[index + 1] - moments[index]) / 1e6 for index, name in enumerate(names)
        }
        return cls(topic, (received - moments[0]) / 1e6, stages)


def _stages(frames: list[_Frame]) -> dict[str, dict[str, float]]:
    """Each stage's own p50 and p99, and its share of all the time that all frames took together."""
    total = sum(frame.total_ms for frame in frames) or 1.0
    names = frames[0].stages_ms if frames else {}
    return {
        name: {
            "p50": round(percentile([frame.stages_ms[name] for frame in frames], 0.5), 3),
            "p99": round(percentile([frame.stages_ms[name] for frame in frames], 0.99), 3),
            "share": round(sum(frame.stages_ms[name] for frame in frames) / total, 3),
        }
        for name in names
    }
