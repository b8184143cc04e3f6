"""What a screen loads over HTTP before it watches: the state of a topic, and the number it stands at."""

import asyncio
import random
from typing import Any, Final

import httpx

from tests.chaos.clients import Place
from tests.chaos.tokens import Token

# Small, so that lists have several pages and change while they are loaded.
PAGE: Final = 20
PATIENCE_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 0.3
State = dict[str, Any]


class Loader:
    """One person's screens, loaded anew whenever it is asked."""

    def __init__(self, place: Place, *, token: Token, role: str, days: dict[str, str]) -> None:
        self._place = place
        self._person = token.person
        self._role = role
        self._days = days
        self._http = httpx.AsyncClient(
            base_url=place.base_url, headers=token.bearer, trust_env=False, timeout=PATIENCE_SECONDS
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def note(self, what: str, client: str, topic: str) -> None:
        """Load it into the history. A record that may not be read any more has no state."""
        loaded = await self._load(topic)
        if loaded is not None:
            seq, state = loaded
            self._place.history.note(
                what, client=client, topic=topic, seq=seq, person=self._person, state=state
            )

    async def _load(self, topic: str) -> tuple[int, State] | None:
        kind, _, owner = topic.partition(".")
        if kind == "slots":
            answer = await self._get(f"/api/doctors/{owner}/slots/", self._days)
            return answer["stream"]["seq"], {"slots": {s["start"]: s for s in answer["slots"]}}
        if kind == "record":
            answer = await self._get(f"/api/records/{owner}/", {})
            if not answer:
                return None
            notes = {str(note["id"]): note for note in answer["record"].pop("annotations")}
            return answer["stream"]["seq"], {"record": answer["record"], "notes": notes}
        state: State = {}
        seqs = []
        if kind == "user":
            seq, state["inbox"] = await self._pages("/api/notifications/", "notifications")
            seqs.append(seq)
        if kind != "user" or self._role == "PATIENT":
            seq, state["appointments"] = await self._pages("/api/appointments/", "appointments")
            seqs.append(seq)
        return min(seqs), state

    async def _pages(self, path: str, plural: str) -> tuple[int, State]:
        answer = await self._get(path, {"limit": str(PAGE)})
        seq, items = answer["stream"]["seq"], answer[plural]
        while answer["next"]:
            answer = await self._get(answer["next"], None)
            items += answer[plural]
        return seq, {str(item["id"]): item for item in items}

    async def _get(self, path: str, query: dict[str, str] | None) -> Any:
        while True:
            try:
                answer = await self._http.get(path, params=query)
            except httpx.TransportError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            self._place.history.note(
                "answer", key="", status=answer.status_code,
                retry_after=answer.headers.get("Retry-After"),
            )  # fmt: skip
            if answer.status_code == 404:
                return None
            if answer.is_success:
                return answer.json()
            await asyncio.sleep(AGAIN_SECONDS)


async def look_in(
    loaders: dict[str, tuple[Loader, list[str]]], *, seed: str, ending: asyncio.Event
) -> None:
    """Now and then somebody loads a screen, in the middle of everything."""
    dice = random.Random(f"{seed} screens")
    while not ending.is_set():
        client = dice.choice(sorted(loaders))
        loader, topics = loaders[client]
        await loader.note("snapshot", client, dice.choice(topics))
        await asyncio.sleep(dice.uniform(0.2, 1.5))
