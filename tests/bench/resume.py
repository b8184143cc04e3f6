"""B4: everybody comes back in the same moment, as after a restart, and has missed some events."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from tests.bench.crowd import ClinicMember, Member, crowd
from tests.bench.machine import cpu_seconds
from tests.bench.numbers import median_of
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import PinnedWeb, Stage

DOCTORS: Final = 20
WARM_UP: Final = 20


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env = place.production("resume")
    people = place.ask(
        env,
        "seed.make_clinic",
        doctors=DOCTORS,
        patients=scale.resuming,
        receptionists=0,
        missed=scale.missed,
        missed_by=scale.resuming,
    )
    makers = _makers(people)
    rounds = [
        asyncio.run(_round(place.web(env), makers, scale, number)) for number in range(scale.rounds)
    ]
    return {"clients": len(makers), "missed": scale.missed, **median_of(rounds), "rounds": rounds}


async def _round(
    web: PinnedWeb, makers: list[Callable[[], Member]], scale: Scale, number: int
) -> dict[str, float]:
    web.start()
    try:
        async with crowd() as first:
            await first.join(makers[:WARM_UP], web.port, at_once=WARM_UP)
        text = f"B4: {len(makers)} clients resume, round {number + 1}"
        with step(text, len(makers)) as progress:
            async with crowd() as everyone:
                used = cpu_seconds(web.pid)
                seconds = await everyone.join(
                    makers, web.port, at_once=len(makers), progress=progress.at
                )
                used = cpu_seconds(web.pid) - used
                everyone.check()
                events = sum(member.events for member in everyone.members)
                turned_away = sum(everyone.turned_away.values())
    finally:
        web.kill()
    assert events == len(makers) * scale.missed, f"{events} events were replayed"
    return {
        "seconds": round(seconds, 2),
        "turned_away": turned_away,
        "server_cpu_seconds": round(used, 2),
    }


def _makers(people: Any) -> list[Callable[[], Member]]:
    """Each patient watches their own topic, whose events are missing, and one doctor's slots."""
    doctors = [doctor_id for doctor_id, _token in people["doctors"]]
    return [
        _maker(token, {f"user.{person_id}": 0, f"slots.{doctors[number % len(doctors)]}": None})
        for number, (person_id, token) in enumerate(people["patients"])
    ]


def _maker(token: str, topics: dict[str, int | None]) -> Callable[[], Member]:
    return lambda: ClinicMember(token, topics, _ignore)


def _ignore(topic: str, seq: int, at_ns: int) -> None:
    pass
