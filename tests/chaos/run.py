"""One run: the clinic under writers, clients and faults, then calm, last words, and what everybody has in the end."""

import asyncio
import contextlib
import itertools
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clinic.keys import load_keys
from tests.chaos import faults, snapshots, writers
from tests.chaos.clients import GREEDY, LEAVER, ODD, READER, STALLED, STEADY, Client, Habits, Place
from tests.chaos.faults import Nemesis
from tests.chaos.history import DUMP, History
from tests.chaos.hooks import ROLLED_BACK, Hooks
from tests.chaos.proxy import Proxy
from tests.chaos.snapshots import Loader
from tests.chaos.stage import ROOT, Ground, Stage
from tests.chaos.tokens import Token
from tests.chaos.writers import Practice, Writer

# More than the acknowledgement window: whoever never acknowledges is not sent all of it.
BACKLOG: Final = 600
LIVE_SECONDS: Final = 30.0
RSS = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)


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


class Run:
    """The people of one run and what they share."""

    def __init__(self, script: Script, stage: Stage, place: Place, cast: Any, key: str) -> None:
        self.script = script
        self.place = place
        self.stage = stage
        self.cast = cast
        self._key = key
        self.ending = asyncio.Event()
        self.doctors = [one["id"] for one in cast["doctors"]]
        self.practice = Practice(
            place=place,
            marker=marker(script.seed),
            doctors=self.doctors,
            patients=[one["id"] for one in cast["patients"]],
            starts=cast["starts"],
            records=cast["records"],
        )
        self.records = [f"record.{record}" for record in cast["records"]]
        self._names = itertools.count(1)
        self.clients = [*self._steady(), *self._odd(), *self._bad()]
        self.writers = {writer.name: writer for writer in self._writers()}

    # -- who watches --------------------------------------------------------------------------------

    def _steady(self) -> list[Client]:
        slots = [f"slots.{doctor}" for doctor in self.doctors]
        author, turns = self.cast["author"], itertools.cycle(slots)
        return [
            *(self._client(STEADY, one, self._of_doctor(one)) for one in self.cast["doctors"]),
            *(self._client(READER, one, self.records) for one in self.cast["doctors"]),
            *(
                self._client(STEADY, one, [f"user.{one['id']}", next(turns)])
                for one in self.cast["patients"]
            ),
            self._client(STEADY, self.cast["desk"][0], ["desk", *slots]),
            self._client(STEADY, author, [f"user.{author['id']}", *self.records]),
        ]

    def _odd(self) -> list[Client]:
        people = itertools.cycle(
            itertools.chain.from_iterable(
                zip(
                    itertools.cycle(self.cast["doctors"]),
                    self.cast["patients"],
                    itertools.cycle(self.cast["desk"]),
                    strict=False,
                )
            )
        )
        return [
            self._client(habits, one, self._usual(one))
            for habits, one in itertools.islice(
                zip(itertools.cycle(ODD), people, strict=False), self.script.odd
            )
        ]

    def _bad(self) -> list[Client]:
        """Who is not to get everything: those who never acknowledge, or sign out."""
        busy = self.cast["busy"]
        return [
            *(self._client(GREEDY, busy, [f"user.{busy['id']}"]) for _ in range(1)),
            *(self._client(STALLED, busy, [f"user.{busy['id']}"]) for _ in range(3)),
            *(
                self._client(LEAVER, one, [f"slots.{doctor}" for doctor in self.doctors])
                for one in self.cast["leavers"]
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
            self.place,
            name=f"{next(self._names)}-{habits.name}-{one['role'].lower()}",
            role=one["role"],
            tokens=[Token.read(text, self._key) for text in one["tokens"]],
            topics=topics,
            habits=habits,
            seed=self.script.seed,
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
            for one in self.cast[role]
        ]
        return [*found, self._writer("author", self.cast["author"], writers.AUTHORS_DO)]

    def _writer(self, name: str, one: Any, deeds: Sequence[writers.Deed]) -> Writer:
        token = Token.read(one["tokens"][0], self._key)
        return Writer(self.practice, name=name, token=token, deeds=deeds, seed=self.script.seed)

    def loaders(self) -> dict[str, tuple[Loader, list[str]]]:
        """A screen of each role, by the name of the client whose events it goes with."""
        roles = {"doctor": 0, "patient": 0, "receptionist": 0}
        found = {}
        people = {
            one["id"]: one for group in ("doctors", "patients", "desk") for one in self.cast[group]
        }
        people[self.cast["author"]["id"]] = self.cast["author"]
        for client in self.standing:
            one = people[client.person]
            if client.habits is STEADY and (one["role"].lower() in roles):
                token = Token.read(one["tokens"][0], self._key)
                loader = Loader(self.place, token=token, role=one["role"], days=self.cast["days"])
                found[client.name] = loader, client.topics
        return found

    # -- the course of it ---------------------------------------------------------------------------

    async def play(self, nemesis: Nemesis, tell: Callable[[], None]) -> None:
        watching = [asyncio.create_task(client.run()) for client in self.clients]
        loaders = self.loaders()
        beside = [
            asyncio.create_task(self._weigh()),
            asyncio.create_task(self._overhear()),
        ]
        try:
            await self._listened()
            for name, (loader, topics) in loaders.items():
                for topic in topics:
                    await loader.note("snapshot", name, topic)
            working = [asyncio.create_task(one.run(self.ending)) for one in self.writers.values()]
            working.append(
                asyncio.create_task(
                    snapshots.look_in(loaders, seed=self.script.seed, ending=self.ending)
                )
            )
            await asyncio.sleep(self.script.calm_writing)
            plan = faults.plan(
                seed=self.script.seed, kills=self.script.kills, targets=nemesis.targets,
                pace=self.script.pace,
            )  # fmt: skip
            await nemesis.carry_out(plan, tell)
            self.ending.set()
            await asyncio.gather(*working)
            await self._calm_down()
            await writers.last_words(self.writers)
            self.place.history.note("quiet")
            await self._settle()
            for name, (loader, topics) in loaders.items():
                for topic in topics:
                    await loader.note("fresh", name, topic)
        finally:
            for task in [*watching, *beside]:
                task.cancel()
            found = await asyncio.gather(*watching, *beside, return_exceptions=True)
            for one in self.writers.values():
                await one.close()
            for loader, _ in loaders.values():
                await loader.close()
        for each in found:
            if isinstance(each, Exception):
                raise each

    async def _listened(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIVE_SECONDS):
                await until(lambda: all(client.is_live for client in self.standing))

    async def _calm_down(self) -> None:
        """No faults any more, and nobody is odd any more: all connect anew and catch up."""
        self.place.history.note("calm")
        self.place.calm.set()
        for client in self.clients:
            client.calm_down()
        for client in self.standing:
            client.reconnect()
        await self._listened()

    async def _settle(self) -> None:
        """Until all who stand have everything, or for as long as the script is patient."""
        heads = await asyncio.to_thread(self.stage.ground.ask, "heads")
        stand = [(client, client.topics) for client in self.standing]
        stand += [
            (client, [topic for topic in client.topics if client.person == doctors.get(topic)])
            for doctors in [await self._doctors_of_records()]
            for client in self.clients
            if client.habits is READER
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.script.patience):
                await until(
                    lambda: all(
                        client.cursors[topic] >= heads.get(topic, 0)
                        for client, topics in stand
                        for topic in topics
                    )
                )
        for client, topics in stand:
            self.place.history.note("stands", client=client.name, topics=topics)

    async def _doctors_of_records(self) -> dict[str, int]:
        """Who may read each record in the end, as its patient is told."""
        found = {}
        author = self.writers["author"]
        for record in self.cast["records"]:
            answer = await author.ask("GET", f"/api/records/{record}/")
            doctor = answer.json()["record"]["doctor"]
            if doctor is not None:
                found[f"record.{record}"] = doctor["id"]
        return found

    async def _weigh(self) -> None:
        while True:
            for web in self.stage.webs:
                with contextlib.suppress(OSError):
                    self.place.history.note("memory", web=web.name, pid=web.pid, kib=_kib(web.pid))
            await asyncio.sleep(1)

    async def _overhear(self) -> None:
        """Everything that Redis is told, as Redis tells it; whether the marker is in it."""
        if self.stage.redis is None:
            return
        wanted = self.practice.marker.encode()
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.stage.redis.port)
                try:
                    writer.write(b"MONITOR\r\n")
                    kept, heard = b"", 0
                    while data := await reader.read(65_536):
                        heard += len(data)
                        for _ in range((kept + data).count(wanted) - kept.count(wanted)):
                            self.place.history.note("leak", where="redis")
                        kept = data[-len(wanted) + 1 :]
                finally:
                    self.place.history.note("overheard", size=heard)
                    writer.transport.abort()
            await asyncio.sleep(0.1)


async def play(
    ground: Ground,
    script: Script,
    folder: Path,
    *,
    with_worker: bool = True,
    tell: Callable[[Mapping[str, int], Mapping[str, int]], None] | None = None,
) -> Mapping[str, int]:
    """Play it, and leave its history and its dump in the folder; what befell whom how often."""
    folder = ROOT / folder  # the web processes write there, too
    shutil.rmtree(folder, ignore_errors=True)
    history = History(folder)
    history.note("script", seed=script.seed, kills=script.kills, broken=list(script.broken))
    hooks = Hooks(script.lost_nudges, script.rollbacks, script.seed, str(folder), script.broken)
    stage = Stage(ground, webs=script.webs, with_worker=with_worker, hooks=hooks)
    key = load_keys(ground.keys_file).jwt_key
    try:
        cast = await asyncio.to_thread(
            ground.ask, "seed", doctors=script.doctors, patients=script.patients,
            leavers=script.leavers, sessions=script.sessions, records=script.records,
            backlog=BACKLOG,
        )  # fmt: skip
        await asyncio.to_thread(stage.start)
        async with Proxy(stage.webs, history) as proxy:
            nemesis = Nemesis(stage, proxy, history)
            place = Place(proxy.base_url, proxy.ws_url, history)
            run = Run(script, stage, place, cast, key)
            await run.play(nemesis, lambda: tell and tell(nemesis.befell, history.counts))
            await asyncio.to_thread(ground.ask, "dump", path=str(folder / DUMP))
            with contextlib.suppress(FileNotFoundError):
                history.note("rolled_back", ids=(folder / ROLLED_BACK).read_text().split())
    finally:
        history.close()
        stage.dismiss()
    return nemesis.befell


async def until(true: Callable[[], bool]) -> None:
    """Nothing tells of it: many frames of many clients together make it true."""
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def _kib(pid: int) -> int:
    """What a process has of memory for itself."""
    found = RSS.search(Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise ProcessLookupError(pid)
    return int(found[1])


def marker(seed: str) -> str:
    """A word that stands in all health content of this run and nowhere else."""
    return "mark" + re.sub(r"\W", "", seed) + "zq7"
