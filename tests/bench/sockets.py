"""B4: what an idle socket costs, how fast sockets come in, and how fast they catch up."""

import asyncio
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final

from tests.bench.crowd import ClinicMember, Crowd, Member, StockMember, crowd
from tests.bench.machine import cpu_seconds, resident_bytes
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import STOCK, PinnedWeb, Stage

DOCTORS: Final = 20
WARM_UP: Final = 20
AT_ONCE: Final = 20
Maker = Callable[[], Member]


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env = place.production("sockets")
    people = place.ask(
        env,
        "seed.make_clinic",
        doctors=DOCTORS,
        patients=scale.many_sockets,
        receptionists=0,
        missed=scale.missed,
        missed_by=scale.resuming,
    )
    makers = {"clinic": _clinic(people), "stock": _stock(people)}
    rounds: dict[str, list[dict[str, float]]] = {"clinic": [], "stock": []}
    for number in range(scale.rounds):
        for kind, members in makers.items():
            many = members if number == 0 else members[: scale.sockets]
            text = f"B4: {kind}, {len(many)} sockets, round {number + 1}"
            web = place.web(env) if kind == "clinic" else place.web(env, application=STOCK)
            rounds[kind].append(asyncio.run(_round(web, many, scale, text)))
    return {
        **{kind: _summary(each) for kind, each in rounds.items()},
        "resume": asyncio.run(_resume(place.web(env), people, scale)),
    }


def _summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    names = rounds[-1].keys()  # the first round has figures for many sockets besides
    return {
        **rounds[0],
        **{name: round(median(one[name] for one in rounds), 3) for name in names},
        "rounds": [one["kb_per_socket"] for one in rounds],
    }


async def _round(
    web: PinnedWeb, makers: Sequence[Maker], scale: Scale, text: str
) -> dict[str, float]:
    """A fresh server, so that nothing of an earlier round is in its memory."""
    web.start()
    try:
        async with crowd() as first:
            await first.join(makers[:WARM_UP], web.port, at_once=WARM_UP)
        await asyncio.sleep(scale.settle_seconds)
        empty = resident_bytes(web.pid)
        with step(text, len(makers)) as progress:
            async with crowd() as people:
                return await _fill(people, web, makers, scale, empty, progress.at)
    finally:
        web.kill()


async def _fill(
    people: Crowd,
    web: PinnedWeb,
    makers: Sequence[Maker],
    scale: Scale,
    empty: int,
    progress: Callable[[float], None],
) -> dict[str, float]:
    some, more = makers[: scale.sockets], makers[scale.sockets :]
    used = cpu_seconds(web.pid)
    seconds = await people.join(some, web.port, at_once=AT_ONCE, progress=progress)
    joined_cpu = cpu_seconds(web.pid) - used
    await asyncio.sleep(scale.settle_seconds)
    full = resident_bytes(web.pid)
    found = {
        "empty_mb": round(empty / 2**20, 1),
        "kb_per_socket": round((full - empty) / 1024 / len(some), 1),
        "joined_per_second": round(len(some) / seconds, 1),
        "cpu_ms_per_join": round(joined_cpu * 1000 / len(some), 2),
    }
    if more:
        before = len(some)
        seconds = await people.join(
            more, web.port, at_once=AT_ONCE, progress=lambda done: progress(before + done)
        )
        await asyncio.sleep(scale.settle_seconds)
        grown = resident_bytes(web.pid) - empty
        found["kb_per_socket_of_many"] = round(grown / 1024 / len(makers), 1)
        found["joined_per_second_to_many"] = round(len(more) / seconds, 1)
        idle = cpu_seconds(web.pid)
        await asyncio.sleep(scale.settle_seconds)
        found["idle_cpu_share_of_many"] = round(
            (cpu_seconds(web.pid) - idle) / scale.settle_seconds, 3
        )
    people.check()
    return found


async def _resume(web: PinnedWeb, people: Any, scale: Scale) -> dict[str, Any]:
    """Everybody comes back in the same moment, as after a restart, and has missed some events."""
    makers = _clinic(people, since=0)[: scale.resuming]
    web.start()
    try:
        async with crowd() as first:
            await first.join(makers[:WARM_UP], web.port, at_once=WARM_UP)
        with step(f"B4: {len(makers)} clients resume", len(makers)) as progress:
            async with crowd() as everyone:
                used = cpu_seconds(web.pid)
                seconds = await everyone.join(
                    makers, web.port, at_once=len(makers), progress=progress.at
                )
                used = cpu_seconds(web.pid) - used
                everyone.check()
                events = sum(member.events for member in everyone.members)
                turned_away = dict(everyone.turned_away)
    finally:
        web.kill()
    assert events == scale.resuming * scale.missed, f"{events} events were replayed"
    return {
        "clients": len(makers),
        "events": events,
        "seconds": round(seconds, 2),
        "turned_away": turned_away,
        "server_cpu_seconds": round(used, 2),
    }


def _clinic(people: Any, since: int | None = None) -> list[Maker]:
    """Each patient watches their own topic and one doctor's slots."""
    return [
        _clinic_maker(token, {own: since, slots: None})
        for (own, slots), (_id, token) in zip(_topics(people), people["patients"], strict=True)
    ]


def _clinic_maker(token: str, topics: dict[str, int | None]) -> Maker:
    return lambda: ClinicMember(token, topics, _ignore)


def _stock(people: Any) -> list[Maker]:
    return [_stock_maker(topics) for topics in _topics(people)]


def _stock_maker(topics: tuple[str, str]) -> Maker:
    return lambda: StockMember(topics, _ignore)


def _topics(people: Any) -> list[tuple[str, str]]:
    doctors = [doctor_id for doctor_id, _token in people["doctors"]]
    return [
        (f"user.{person_id}", f"slots.{doctors[number % len(doctors)]}")
        for number, (person_id, _token) in enumerate(people["patients"])
    ]


def _ignore(topic: str, seq: int, at_ns: int) -> None:
    pass
