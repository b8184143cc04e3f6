"""`manage.py watch`: what one person's screens are told, a line each, as it happens."""

import asyncio
import json
import os
import signal
import sys
from argparse import ArgumentParser
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from clinic.actions.sessions import end_session, open_session, refresh_session
from clinic.errors import ClinicError
from clinic.management.arguments import whole
from clinic.management.commands.up import address, in_one_line, use_one_connection
from clinic.models import Person
from clinic.queries.people import is_called
from clinic.tokens import TokenPair, read_access
from realtime.client import (
    Connected,
    Event,
    Reset,
    Revoked,
    SignedOut,
    State,
    Stopped,
    Unreachable,
    Waiting,
    watch,
)

DEVICE: Final = "watch command"
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotWatch(Exception):
    """Why there is nothing to see: one sentence for the person at the terminal."""


class Command(BaseCommand):
    help = (
        "Print a person's events as they come, from a session of its own; Ctrl-C ends both. "
        "For whoever operates the clinic: nobody's password is needed."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="user name or e-mail of the person")
        parser.add_argument("--url", help="where the clinic is; default: HOST and PORT")
        parser.add_argument(
            "--topic", action="append", metavar="TOPIC", help="instead of the usual; again for more"
        )
        parser.add_argument(
            "--state", type=Path, metavar="FILE", help="keep the last numbers; go on from them"
        )
        parser.add_argument("--json", action="store_true", help="whole frames, notes included")
        counts = parser.add_mutually_exclusive_group()
        counts.add_argument("--count", type=whole, metavar="N", help="end after N events")
        counts.add_argument(
            "--once", action="store_const", const=1, dest="count", help="end after one event"
        )

    def handle(self, *_: Any, user: str, **options: Any) -> None:
        use_one_connection()
        try:
            try:
                person = _person(user)
                tokens = OperatorTokens(person)
            except DatabaseError as error:
                raise CannotWatch(f"The database cannot be used: {in_one_line(error)}") from error
            # Who only looks must not keep a restore or an upgrade from the database.
            connections.close_all()
            try:
                asyncio.run(Screen(self, person, options).show(tokens))
            finally:
                tokens.end()
        except CannotWatch as reason:
            self.stderr.write(str(reason))
            sys.exit(1)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _person(name: str) -> Person:
    person = Person.objects.filter(is_called(name)).first()
    if person is None or not name:
        raise CannotWatch(f"Nobody here is called {name}.")
    if not person.is_active:
        raise CannotWatch(f"{person.username} is deactivated and may not sign in.")
    return person


class OperatorTokens:
    """The tokens of a session of its own, renewed where they are made: in the database."""

    def __init__(self, person: Person) -> None:
        self._pair: TokenPair = open_session(person, device=DEVICE)
        self._session_id = read_access(self._pair.access).session_id

    async def access(self, *, refused: str | None = None) -> str:
        if refused == self._pair.access:
            await asyncio.to_thread(self._renew)
        return self._pair.access

    def _renew(self) -> None:
        try:
            self._pair = refresh_session(refresh=self._pair.refresh)
        except ClinicError as refusal:
            raise SignedOut(refusal.text) from refusal
        except DatabaseError as error:
            raise Unreachable(in_one_line(error)) from error
        finally:
            connections.close_all()  # this thread's own

    def end(self) -> None:
        with suppress(DatabaseError):  # without its database the session ends by itself
            end_session(self._session_id)


class Screen:
    """The terminal: events on the one side, what is to be said about them on the other."""

    def __init__(self, command: Command, person: Person, options: dict[str, Any]) -> None:
        self._command = command
        self._zone = ZoneInfo(person.time_zone)
        self._name = person.name
        self._url: str = options["url"] or address()
        self._topics: list[str] | None = options["topic"]
        self._kept: Path | None = options["state"]
        self._as_json: bool = options["json"]
        self._left: int | None = options["count"]
        self._is_connected: bool | None = None

    async def show(self, tokens: OperatorTokens) -> None:
        """Until told to end, or until as many events were shown as wanted. Raises CannotWatch."""
        showing = asyncio.ensure_future(self._show(tokens))
        for number in ENDINGS:
            asyncio.get_running_loop().add_signal_handler(number, showing.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await showing
        except BrokenPipeError:
            # Whoever read our lines has enough; what is left in the buffer has no reader either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    async def _show(self, tokens: OperatorTokens) -> None:
        try:
            stream = watch(
                self._url, tokens, self._topics, kept=self._kept, on_state=self._tell_state
            )
        except ValueError as error:
            raise CannotWatch(f"{error}.") from error
        except OSError as error:
            raise CannotWatch(f"The numbers cannot be kept: {error}.") from error
        try:
            async with stream:
                async for item in stream:
                    self._tell(item)
                    if self._left == 0:
                        return
        except SignedOut as end:
            raise CannotWatch(f"The session of this command has ended: {end}") from end
        except Stopped as end:
            raise CannotWatch(f"The clinic closed the socket: {end}.") from end
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CannotWatch(f"The numbers cannot be kept: {error}.") from error
        raise CannotWatch("There is no topic left to watch.")

    def _tell(self, item: Event | Reset | Revoked) -> None:
        match item:
            case Event():
                line = json.dumps(item.frame) if self._as_json else line_of(item, self._zone)
                self._command.say(line)
                if self._left is not None:
                    self._left -= 1
            case Reset(reason="fresh"):
                self._remark(f"{item.topic} from {item.seq} on.")
            case Reset():
                self._remark(
                    f"{item.topic} from {item.seq} on: what was before cannot be shown "
                    f"({item.reason})."
                )
            case Revoked():
                self._remark(f"{item.topic} may not be watched ({item.reason}).")

    def _tell_state(self, state: State) -> None:
        """One line for an interruption, however many attempts it lasts."""
        match state:
            case Connected():
                again = "" if self._is_connected is None else " again"
                self._remark(f"Watching{again} as {self._name}: {', '.join(state.topics)}.")
                self._is_connected = True
            case Waiting() if self._is_connected is not False:
                self._remark(f"No connection to {self._url} ({state.why}): trying until there is.")
                self._is_connected = False

    def _remark(self, line: str) -> None:
        self._command.stderr.write(line, str)  # not in the colour of errors
        self._command.stderr.flush()


# -- events in words: never notes, titles or reasons, which may be health content ---------------------------


def line_of(event: Event, zone: ZoneInfo) -> str:
    """When, which, what, in the person's own zone."""
    at = f"{event.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    actor = event.frame.get("actor")
    said = in_words(event.type, event.data, zone) + (f", by {actor['name']}" if actor else "")
    return f"{at}  {event.topic}#{event.seq}  {event.type}  {said}".rstrip(" ,")


def in_words(kind: str, data: Any, zone: ZoneInfo) -> str:
    """Of a kind that is newer than this only its name is said."""
    match kind.partition(".")[0]:
        case "appointment":
            return f"{data['patient']['name']} with {data['doctor']['name']}, {_span(data, zone)}"
        case "reminder":
            return f"of {data['doctor']['name']}, {_span(data, zone)}"
        case "waitlist":
            offer = data["offer"]
            return f"{data['patient']['name']} with {offer['doctor']['name']}, {_span(offer, zone)}"
        case "slot":
            return f"{_span(data, zone)} is {data['state']}"
        case "hours":
            return f"on {', '.join(data['dates'])}" if data["dates"] else "on every day"
        case "record" | "annotation" if "record_type" in data:
            return f"{data['record_id']} ({data['record_type'].lower()})"
        case "annotation":
            return f"by {data['doctor']['name']}"
        case "doctor" if "patient" in data:
            of = f" ({data['record_id']})" if data["record_id"] else ""
            return f"{data['doctor']['name']} and {data['patient']['name']}{of}"
        case "doctor" | "person":
            return f"{data['first_name']} {data['last_name']} ({data['role'].lower()})"
        case "notification":
            return f"{data['unread']} unread"
    return ""


def _span(data: Any, zone: ZoneInfo) -> str:
    start, end = (datetime.fromisoformat(data[name]).astimezone(zone) for name in ("start", "end"))
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"
