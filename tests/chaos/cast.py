"""Who takes part in a run: clients of all kinds, writers, and people who load their screens."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos import writers
from tests.chaos.clients import GREEDY, LEAVER, ODD, READER, STALLED, STEADY, Client, Habits, Place
from tests.chaos.snapshots import Loader
from tests.chaos.tokens import Token
from tests.chaos.writers import Practice, Writer


@dataclass(frozen=True, slots=True)
class Script:
    """How large a run is, and what goes wrong in it."""

    seed: str
    kills: int
    pace: float = 0.8
    """Seconds between faults, on average."""
    webs: int = 3
    doctors: int = 3
    patients: int = 6
    odd: int = 12
    leavers: int = 2
    sessions: int = 40
    records: int = 4
    calm_writing: float = 0.0
    """Seconds of writing without faults, where there are none."""
    lost_nudges: float = 0.1
    rollbacks: float = 0.1
    broken: Sequence[str] = ()
    patience: float = 15.0
    """Seconds that clients are waited for in the end. What is in time, the checker says."""


class Cast:
    """The people of one run: who watches, who writes, and whose screens are looked at."""

    def __init__(self, script: Script, place: Place, seeded: Any, key: str) -> None:
        """`seeded` is what `inside.seed` answered; with the key, tokens can be made that soon expire."""
        self._script = script
        self._place = place
        self._seeded = seeded
        self._key = key
        self.doctors = [one["id"] for one in seeded["doctors"]]
        self.practice = Practice(
            place=place,
            marker=marker(script.seed),
            doctors=self.doctors,
            patients=[one["id"] for one in seeded["patients"]],
            starts=seeded["starts"],
            records=seeded["records"],
        )
        self.records = [f"record.{record}" for record in seeded["records"]]
        self._names = itertools.count(1)
        self.clients = [*self._steady(), *self._odd(), *self._bad()]
        self.writers = {writer.name: writer for writer in self._writers()}

    # -- who watches --------------------------------------------------------------------------------

    def _steady(self) -> list[Client]:
        slots = [f"slots.{doctor}" for doctor in self.doctors]
        author, turns = self._seeded["author"], itertools.cycle(slots)
        return [
            *(self._client(STEADY, one, self._of_doctor(one)) for one in self._seeded["doctors"]),
            *(self._client(READER, one, self.records) for one in self._seeded["doctors"]),
            *(
                self._client(STEADY, one, [f"user.{one['id']}", next(turns)])
                for one in self._seeded["patients"]
            ),
            self._client(STEADY, self._seeded["desk"][0], ["desk", *slots]),
            self._client(STEADY, author, [f"user.{author['id']}", *self.records]),
        ]

    def _odd(self) -> list[Client]:
        """Each habit in turn, of a doctor, a patient and the desk in turn."""
        turns = [itertools.cycle(self._seeded[role]) for role in ("doctors", "patients", "desk")]
        return [
            self._client(ODD[number % len(ODD)], one, self._usual(one))
            for number in range(self._script.odd)
            for one in [next(turns[number % len(turns)])]
        ]

    def _bad(self) -> list[Client]:
        """Who is not to get everything: those who never acknowledge, or sign out."""
        busy = self._seeded["busy"]
        return [
            *(
                self._client(habits, busy, [f"user.{busy['id']}"])
                for habits in (GREEDY, STALLED, STALLED, STALLED)
            ),
            *(
                self._client(LEAVER, one, [f"slots.{doctor}" for doctor in self.doctors])
                for one in self._seeded["leavers"]
            ),
        ]

    def _of_doctor(self, one: Any) -> list[str]:
        return [f"{kind}.{one['id']}" for kind in ("calendar", "user", "slots")]

    def _usual(self, one: Any) -> list[str]:
        match one["role"]:
            case "DOCTOR":
                return self._of_doctor(one)
            case "PATIENT":
                return [f"user.{one['id']}", f"slots.{self.doctors[0]}"]
            case _:
                return ["desk", f"slots.{self.doctors[-1]}"]

    def _client(self, habits: Habits, one: Any, topics: Sequence[str]) -> Client:
        return Client(
            self._place,
            name=f"{next(self._names)}-{habits.name}-{one['role'].lower()}",
            role=one["role"],
            tokens=[Token.read(text, self._key) for text in one["tokens"]],
            topics=topics,
            habits=habits,
            seed=self._script.seed,
        )

    @property
    def standing(self) -> list[Client]:
        """Those who have to get everything of every topic of theirs."""
        apart = {each.name for each in (READER, GREEDY, STALLED, LEAVER)}
        return [client for client in self.clients if client.habits.name not in apart]

    # -- who writes ---------------------------------------------------------------------------------

    def _writers(self) -> list[Writer]:
        deeds = {
            "doctors": writers.DOCTORS_DO, "patients": writers.PATIENTS_DO, "desk": writers.DESK_DOES,
        }  # fmt: skip
        found = [
            self._writer("desk" if role == "desk" else f"{role}-{one['id']}", one, these)
            for role, these in deeds.items()
            for one in self._seeded[role]
        ]
        return [*found, self._writer("author", self._seeded["author"], writers.AUTHORS_DO)]

    def _writer(self, name: str, one: Any, deeds: Sequence[writers.Deed]) -> Writer:
        token = Token.read(one["tokens"][0], self._key)
        return Writer(self.practice, name=name, token=token, deeds=deeds, seed=self._script.seed)

    # -- who looks ----------------------------------------------------------------------------------

    def loaders(self) -> dict[str, tuple[Loader, list[str]]]:
        """The screens of the steady ones, by the name of the client whose events go with them."""
        groups = ("doctors", "patients", "desk")
        people = {one["id"]: one for group in groups for one in self._seeded[group]}
        author = self._seeded["author"]
        people[author["id"]] = author
        return {
            client.name: (self._loader(people[client.person]), client.topics)
            for client in self.standing
            if client.habits is STEADY
        }

    def _loader(self, one: Any) -> Loader:
        token = Token.read(one["tokens"][0], self._key)
        return Loader(self._place, token=token, role=one["role"], days=self._seeded["days"])


def marker(seed: str) -> str:
    """A word that stands in all health content of this run and nowhere else."""
    return "mark" + re.sub(r"\W", "", seed) + "zq7"
