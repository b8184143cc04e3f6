"""One run: the clinic under writers, clients and faults, then calm, last words, and what everybody has in the end."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from clinic.keys import load_keys
from tests.chaos import faults, snapshots, writers
from tests.chaos.cast import Cast, Script
from tests.chaos.clients import READER, Place
from tests.chaos.faults import Nemesis
from tests.chaos.history import DUMP, History
from tests.chaos.hooks import ROLLED_BACK, Hooks
from tests.chaos.proxy import Proxy
from tests.chaos.stage import ROOT, Ground, Stage

# More than the acknowledgement window: whoever never acknowledges is not sent all of it.
BACKLOG: Final = 600
LIVE_SECONDS: Final = 30.0
RSS: Final = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)


class Run:
    """The course of it: everything breaks, then all is well, then the last words."""

    def __init__(self, script: Script, stage: Stage, place: Place, cast: Cast) -> None:
        self.script = script
        self.stage = stage
        self.place = place
        self.cast = cast
        self.ending = asyncio.Event()

    async def play(self, nemesis: Nemesis, tell: Callable[[], None]) -> None:
        watching = [asyncio.create_task(client.run()) for client in self.cast.clients]
        loaders = self.cast.loaders()
        beside = [
            asyncio.create_task(self._weigh()),
            asyncio.create_task(self._overhear()),
        ]
        try:
            await self._listened()
            for name, (loader, topics) in loaders.items():
                for topic in topics:
                    await loader.note("snapshot", name, topic)
            working = [
                asyncio.create_task(one.run(self.ending)) for one in self.cast.writers.values()
            ]
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
            await writers.last_words(self.cast.writers)
            self.place.history.note("quiet")
            await self._settle()
            for name, (loader, topics) in loaders.items():
                for topic in topics:
                    await loader.note("fresh", name, topic)
        finally:
            for task in [*watching, *beside]:
                task.cancel()
            found = await asyncio.gather(*watching, *beside, return_exceptions=True)
            for one in self.cast.writers.values():
                await one.close()
            for loader, _ in loaders.values():
                await loader.close()
        for each in found:
            if isinstance(each, Exception):
                raise each

    async def _listened(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIVE_SECONDS):
                await until(lambda: all(client.is_live for client in self.cast.standing))

    async def _calm_down(self) -> None:
        """No faults any more, and nobody is odd any more: all connect anew and catch up."""
        self.place.history.note("calm")
        self.place.calm.set()
        for client in self.cast.clients:
            client.calm_down()
        for client in self.cast.standing:
            client.reconnect()
        await self._listened()

    async def _settle(self) -> None:
        """Until all who stand have everything, or for as long as the script is patient."""
        heads = await asyncio.to_thread(self.stage.ground.ask, "heads")
        stand = [(client, client.topics) for client in self.cast.standing]
        stand += [
            (client, [topic for topic in client.topics if client.person == doctors.get(topic)])
            for doctors in [await self._doctors_of_records()]
            for client in self.cast.clients
            if client.habits.name == READER.name
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
        author = self.cast.writers["author"]
        for record in self.cast.practice.records:
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
        wanted = self.cast.practice.marker.encode()
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
        seeded = await asyncio.to_thread(
            ground.ask, "seed", doctors=script.doctors, patients=script.patients,
            leavers=script.leavers, sessions=script.sessions, records=script.records,
            backlog=BACKLOG,
        )  # fmt: skip
        await asyncio.to_thread(stage.start)
        async with Proxy(stage.webs, history) as proxy:
            nemesis = Nemesis(stage, proxy, history)
            place = Place(proxy.base_url, proxy.ws_url, history)
            run = Run(script, stage, place, Cast(script, place, seeded, key))
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
