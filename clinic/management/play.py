"""A clinic's morning, played by visitors: they look, book, change their minds, and tidy up at the end."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from clinic import clock
from clinic.management.visitor import Refused, Visitor
from clinic.models import Role

GAP_SECONDS: Final = 4.0
NAP_SECONDS: Final = 0.1
# How often somebody decides by what was on a screen a while ago, and may come too late.
STALE_SHARE: Final = 0.25
SAYS: Final = "Simulated"
DAYS_OFF_AHEAD: Final = (2, 6)


class Play:
    """Who plays, what of theirs stands, and what happened so far."""

    def __init__(self, visitors: Sequence[Visitor], dice: random.Random) -> None:
        self.dice = dice
        self.patients = [each for each in visitors if each.role == Role.PATIENT]
        self.desk = [each for each in visitors if each.role in (Role.RECEPTIONIST, Role.ADMIN)]
        self.doctors = [each for each in visitors if each.role == Role.DOCTOR]
        self.visits: dict[int, Visitor] = {}
        """Booked by this play and not cancelled by it: the appointment's id, and who booked it."""
        self.absences: dict[int, Visitor] = {}
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.seen: dict[int, list[str]] = {}
        """The free starts of each doctor, as somebody saw them last."""

    def step(self, verbs: "Sequence[Verb]") -> None:
        """One thing happens, or is refused: both are a part of the play."""
        possible = [verb for verb in verbs if verb.can(self)]
        if possible:
            [verb] = self.dice.choices(possible, [verb.weight for verb in possible])
            self.attempt(verb.name, verb.do)

    def attempt(self, name: str, do: "Callable[[Play], bool]") -> None:
        try:
            if do(self):
                self.done[name] += 1
        except Refused as refusal:
            self.refused[refusal.code] += 1

    @property
    def booked(self) -> int:
        return sum(self.done[verb.name] for verb in VERBS if verb.books)

    # -- what several verbs need ----------------------------------------------------------------------

    def free_start(self, visitor: Visitor, doctor_id: int) -> str | None:
        """A start somebody would choose: rather soon than late, and now and then gone by now."""
        if doctor_id not in self.seen or self.dice.random() > STALE_SHARE:
            answer = visitor.get(f"/api/doctors/{doctor_id}/slots/")
            self.seen[doctor_id] = [
                slot["start"] for slot in answer["slots"] if slot["state"] == "free"
            ]
        starts = self.seen[doctor_id]
        return starts[int(len(starts) * self.dice.random() ** 2)] if starts else None

    def book(self, visitor: Visitor, patient: Visitor) -> bool:
        doctors = visitor.get("/api/doctors/?limit=100")["doctors"]
        if not doctors:
            return False
        doctor_id = self.dice.choice(doctors)["id"]
        start = self.free_start(visitor, doctor_id)
        if start is None:
            return False
        whose = {} if visitor is patient else {"patient_id": patient.id}
        body = {"doctor_id": doctor_id, "start": start, "notes": SAYS, **whose}
        answer = visitor.post("/api/appointments/book/", body)
        self.visits[answer["appointment"]["id"]] = visitor
        return True


# -- what can happen ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that happens: how it is called once it has, how often, when it can, and how.

    `do` tells whether anything came of it, and raises Refused where the clinic said no.
    """

    name: str
    weight: float
    can: Callable[[Play], object]
    do: Callable[[Play], bool] = field(repr=False)
    books: bool = False


def _book(play: Play) -> bool:
    patient = play.dice.choice(play.patients)
    return play.book(patient, patient)


def _book_at_the_desk(play: Play) -> bool:
    return play.book(play.dice.choice(play.desk), play.dice.choice(play.patients))


def _cancel(play: Play) -> bool:
    visit = play.dice.choice(list(play.visits))
    _cancel_visit(play, visit)
    return True


def _cancel_visit(play: Play, visit: int) -> None:
    # Whatever the answer: what the clinic refuses to cancel is not the play's any more.
    visitor = play.visits.pop(visit)
    visitor.post(f"/api/appointments/{visit}/cancel/", {"reason": SAYS})


def _take_time_off(play: Play) -> bool:
    doctor = play.dice.choice(_doctors_at_work(play))
    days, hour = play.dice.randint(*DAYS_OFF_AHEAD), play.dice.randint(8, 16)
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(days=days, hours=hour)
    end = start + timedelta(hours=1)
    body = {"start": start.isoformat(), "end": end.isoformat(), "reason": SAYS}
    answer: Any = doctor.post("/api/doctors/time_off/", body)
    play.absences[answer["time_off"]["id"]] = doctor
    return True


def _doctors_at_work(play: Play) -> list[Visitor]:
    away = list(play.absences.values())
    return [doctor for doctor in play.doctors if doctor not in away]


def _remove_time_off(play: Play, absence: int) -> None:
    play.absences.pop(absence).delete(f"/api/doctors/time_off/{absence}/")


VERBS: Final = (
    Verb("booked", 6, lambda play: play.patients, _book, books=True),
    Verb(
        "booked at the desk", 2, lambda play: play.desk and play.patients,
        _book_at_the_desk, books=True,
    ),
    Verb("cancelled", 3, lambda play: play.visits, _cancel),
    Verb("time off taken", 0.3, _doctors_at_work, _take_time_off),
)  # fmt: skip


# -- the course of it -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Course:
    """How long it goes on: until one of the bounds is reached, or somebody ends it."""

    seconds: float
    bookings: int
    speed: float
    has_ended: Callable[[], bool]

    def steps(self, play: Play) -> Iterator[float]:
        """Before each thing that is to happen, after a pause: how much of the course is over, 0 to 1."""
        begun_at = time.monotonic()
        while True:
            passed = (time.monotonic() - begun_at) / self.seconds
            share = max(passed, play.booked / self.bookings)
            if share >= 1 or self.has_ended():
                return
            yield share
            self._pause(play.dice.expovariate(self.speed / GAP_SECONDS), begun_at + self.seconds)

    def _pause(self, seconds: float, end: float) -> None:
        until = min(time.monotonic() + seconds, end)
        while (left := until - time.monotonic()) > 0 and not self.has_ended():
            time.sleep(min(NAP_SECONDS, left))


def tidy(play: Play) -> Iterator[float]:
    """Take back whatever of this play still stands, one thing after the other."""
    in_all = len(play.visits) + len(play.absences)
    takebacks = itertools.chain(
        ((_cancel_visit, visit) for visit in list(play.visits)),
        ((_remove_time_off, absence) for absence in list(play.absences)),
    )
    for count, (take_back, which) in enumerate(takebacks):
        yield count / in_all
        play.attempt("taken back", lambda play: take_back(play, which) is None)  # noqa: B023
