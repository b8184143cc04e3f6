"""Writers of a run: people who book, move, cancel and write through the API, and ask again until they are answered."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.chaos.clients import Place
from tests.chaos.tokens import Token

ANSWER_SECONDS: Final = 4.0
# Longer than this nobody waits here, whatever Retry-After says.
AGAIN_SECONDS: Final = (0.1, 0.6)
PAUSE_SECONDS: Final = 0.15
DEFINITE_BELOW: Final = 500


@dataclass(slots=True)
class Practice:
    """What the writers share: whom and what there is, and what of theirs stands."""

    place: Place
    marker: str
    """Stands in every note, title and text: health content that may be nowhere in clear."""
    doctors: Sequence[int]
    patients: Sequence[int]
    starts: Sequence[str]
    records: Sequence[int]
    visits: dict[int, int] = field(default_factory=dict)
    """Appointments that were booked and not cancelled, and their patients."""
    notes: dict[int, int] = field(default_factory=dict)
    """Annotations that stand, and their doctors."""
    assignments: dict[int, int] = field(default_factory=dict)
    """Assignments that stand, and their patients."""


Deed = Callable[["Writer"], Awaitable[Any]]


class Writer:
    """One person who works: the next thing is begun when the last one has been answered for good."""

    def __init__(
        self, practice: Practice, *, name: str, token: Token, deeds: Sequence[Deed], seed: str
    ) -> None:
        self.name = name
        self.person = token.person
        self.practice = practice
        self.dice = random.Random(f"{seed} {name}")
        self._deeds = deeds
        self._number = 0
        self._http = httpx.AsyncClient(
            base_url=practice.place.base_url, headers=token.bearer, trust_env=False,
            timeout=ANSWER_SECONDS,
        )  # fmt: skip

    async def run(self, ending: asyncio.Event) -> None:
        while not ending.is_set():
            await self.dice.choice(self._deeds)(self)
            await asyncio.sleep(self.dice.expovariate(1 / PAUSE_SECONDS))

    async def close(self) -> None:
        await self._http.aclose()

    def said(self) -> str:
        return f"{self.practice.marker} {self.name} {self._number}"

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """The answer that settles it: whatever is lost is asked again, under the same key."""
        self._number += 1
        key = f"{self.practice.place.history.folder.name}-{self.name}-{self._number}"
        tries = 0
        while True:
            tries += 1
            answer = await self._try(method, path, body, key)
            if answer is not None and answer.status_code < DEFINITE_BELOW:
                self._note_settled(method, path, key, tries, answer)
                return answer
            await asyncio.sleep(self.dice.uniform(*AGAIN_SECONDS))

    async def _try(
        self, method: str, path: str, body: Mapping[str, Any] | None, key: str
    ) -> httpx.Response | None:
        history = self.practice.place.history
        try:
            answer = await self._http.request(
                method, path, json=body, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError as error:
            history.note("unanswered", key=key, why=type(error).__name__)
            return None
        history.note(
            "answer", key=key, status=answer.status_code, retry_after=answer.headers.get("Retry-After"),
        )  # fmt: skip
        return answer

    def _note_settled(
        self, method: str, path: str, key: str, tries: int, answer: httpx.Response
    ) -> None:
        self.practice.place.history.note(
            "settled", key=key, method=method, path=path, tries=tries, status=answer.status_code,
            things=_things(answer),
        )  # fmt: skip


def _things(answer: httpx.Response) -> list[list[Any]]:
    """The state that was promised: kind, id and version of what the answer shows."""
    if not answer.is_success or not answer.content:
        return []
    body = answer.json()
    return [
        [kind, body[kind]["id"], body[kind]["version"]]
        for kind in ("appointment", "record", "annotation")
        if kind in body
    ]


# -- what people do -------------------------------------------------------------------------------------


async def book(writer: Writer) -> None:
    practice = writer.practice
    patient = writer.person
    body = {
        "doctor_id": writer.dice.choice(practice.doctors),
        "start": writer.dice.choice(practice.starts),
        "notes": writer.said(),
    }
    if patient not in practice.patients:
        patient = body["patient_id"] = writer.dice.choice(practice.patients)
    answer = await writer.ask("POST", "/api/appointments/book/", body)
    if answer.status_code == 201:
        practice.visits[answer.json()["appointment"]["id"]] = patient


async def cancel(writer: Writer) -> None:
    if (visit := _a_visit(writer)) is not None:
        writer.practice.visits.pop(visit, None)
        body = {"reason": writer.said()}
        await writer.ask("POST", f"/api/appointments/{visit}/cancel/", body)


async def reschedule(writer: Writer) -> None:
    if (visit := _a_visit(writer)) is not None:
        body: dict[str, Any] = {"start": writer.dice.choice(writer.practice.starts)}
        if writer.person not in writer.practice.patients and writer.dice.random() < 0.5:
            body["doctor_id"] = writer.dice.choice(writer.practice.doctors)
        await writer.ask("POST", f"/api/appointments/{visit}/reschedule/", body)


async def confirm(writer: Writer) -> None:
    if (visit := _a_visit(writer)) is not None:
        await writer.ask("POST", f"/api/appointments/{visit}/confirm/", {})


async def read_inbox(writer: Writer) -> None:
    body = {"up_to": writer.dice.randint(1, 200)}
    await writer.ask("POST", "/api/notifications/read/", body)


async def assign(writer: Writer) -> None:
    """A doctor to a patient, until somebody ends it."""
    practice = writer.practice
    patient = writer.dice.choice(practice.patients)
    body = {"doctor_id": writer.dice.choice(practice.doctors)}
    answer = await writer.ask("POST", f"/api/patients/{patient}/assign/", body)
    if answer.is_success:
        practice.assignments[answer.json()["assignment"]["id"]] = patient


async def unassign(writer: Writer) -> None:
    assignments = writer.practice.assignments
    if assignments:
        ended = writer.dice.choice(list(assignments))
        assignments.pop(ended)
        await writer.ask("POST", f"/api/assignments/{ended}/end/", {})


async def hand_over(writer: Writer) -> None:
    """A record to another doctor, or to none: who had it may not read on."""
    record = writer.dice.choice(writer.practice.records)
    doctor = writer.dice.choice([*writer.practice.doctors, None])
    await writer.ask("POST", f"/api/records/{record}/assign/", {"doctor_id": doctor})


async def rewrite(writer: Writer) -> None:
    record = writer.dice.choice(writer.practice.records)
    await writer.ask("PATCH", f"/api/records/{record}/", {"title": writer.said()})


async def annotate(writer: Writer) -> None:
    """Where the doctor may: else there is no such record."""
    record = writer.dice.choice(writer.practice.records)
    body = {"content": writer.said()}
    answer = await writer.ask("POST", f"/api/records/{record}/add_annotation/", body)
    if answer.status_code == 201:
        writer.practice.notes[answer.json()["annotation"]["id"]] = writer.person


async def annotate_otherwise(writer: Writer) -> None:
    if (note := _a_note(writer)) is not None:
        await writer.ask("PATCH", f"/api/annotations/{note}/", {"content": writer.said()})


async def remove_annotation(writer: Writer) -> None:
    if (note := _a_note(writer)) is not None:
        writer.practice.notes.pop(note)
        await writer.ask("DELETE", f"/api/annotations/{note}/")


def _a_visit(writer: Writer) -> int | None:
    """One's own, for a patient; anybody's, at the desk."""
    visits = writer.practice.visits
    own = writer.person in writer.practice.patients
    found = [visit for visit, patient in visits.items() if not own or patient == writer.person]
    return writer.dice.choice(found) if found else None


def _a_note(writer: Writer) -> int | None:
    found = [note for note, doctor in writer.practice.notes.items() if doctor == writer.person]
    return writer.dice.choice(found) if found else None


PATIENTS_DO: Final = (book, book, book, cancel, reschedule, confirm, read_inbox)
DESK_DOES: Final = (book, book, cancel, cancel, reschedule, reschedule, assign, unassign)
DOCTORS_DO: Final = (annotate, annotate, annotate_otherwise, remove_annotation)
AUTHORS_DO: Final = (hand_over, hand_over, rewrite)


async def last_words(writers: Mapping[str, Writer]) -> None:
    """When everybody listens again: one more change in every topic that stands."""
    author, desk = writers["author"], writers["desk"]
    practice = author.practice
    for record in practice.records:
        await author.ask("PATCH", f"/api/records/{record}/", {"title": author.said()})
    for doctor in practice.doctors:
        for patient in practice.patients:
            await _book_somewhere(desk, doctor, patient)


async def _book_somewhere(desk: Writer, doctor: int, patient: int) -> None:
    for start in desk.dice.sample(desk.practice.starts, len(desk.practice.starts)):
        body = {"doctor_id": doctor, "patient_id": patient, "start": start, "notes": desk.said()}
        if (await desk.ask("POST", "/api/appointments/book/", body)).status_code == 201:
            return
