"""`manage.py simulate`: plays a busy morning against the running clinic, so that open screens move."""

import random
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from getpass import getpass
from types import FrameType
from typing import Any, Final, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from clinic.management.arguments import above_zero, whole
from clinic.management.commands.up import address, in_one_line, use_one_connection
from clinic.management.play import VERBS, Course, Play, tidy
from clinic.management.supervisor import SAME_WISH_SECONDS
from clinic.management.visitor import NobodyAnswers, Refused, Visitor, is_here
from clinic.models import Person, Role

PATIENTS: Final = 12
DOCTORS: Final = 3
DESKS: Final = 1
PATIENCE_SECONDS: Final = 20.0
LAST_PATIENCE_SECONDS: Final = 3.0
BAR: Final = 30


class CannotPlay(Exception):
    """Why nothing is played: one sentence for the person at the terminal."""


class Command(BaseCommand):
    help = (
        "Let demo people book, cancel and take time off in the running clinic, for a while; what "
        "they booked is cancelled at the end. Ctrl-C ends it early."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--minutes", type=above_zero, default=5.0, help="at most so long (5)")
        parser.add_argument("--bookings", type=whole, default=40, help="at most so many (40)")
        parser.add_argument("--speed", type=above_zero, default=1.0, help="times as fast (1)")
        parser.add_argument("--seed", type=int, help="the same dice again")
        parser.add_argument("--keep", action="store_true", help="leave what was booked")
        parser.add_argument("--url", help="where the clinic is; default: HOST and PORT")
        parser.add_argument(
            "--user", action="append", metavar="NAME",
            help="who plays instead of demo people; again for more. Their password, the same for all, is "
            "asked for, or the first line of the input",
        )  # fmt: skip

    def handle(self, *_: Any, keep: bool, seed: int | None, **options: Any) -> None:
        use_one_connection()
        seed = random.SystemRandom().randrange(10**6) if seed is None else seed
        dice = random.Random(seed)  # noqa: S311 (a play)
        curtain = Curtain()
        try:
            url, names, password = self._cast(options, dice)
            visitors = [Visitor(url, name, password, curtain.patience) for name in names]
            self._remark(f"{len(visitors)} people come to {url} (--seed {seed}).")
            sys.exit(self._perform(visitors, dice, curtain, keep=keep, **options))
        except (CannotPlay, NobodyAnswers) as reason:
            self._remark(str(reason))
        except Refused as refusal:
            self._remark(f"They may not sign in ({refusal.code}).")
        except KeyboardInterrupt:
            self._remark("Left before it began.")
        sys.exit(1)

    # -- who --------------------------------------------------------------------------------------------

    def _cast(self, options: dict[str, Any], dice: random.Random) -> tuple[str, list[str], str]:
        """Where, who, and their password. Demo people, whose password is public, play here only."""
        url: str = options["url"] or address()
        if not url.startswith(("http://", "https://")):
            raise CannotPlay(f"{url!r} is not an address like http://127.0.0.1:8000.")
        only_here = is_here(url) and (options["url"] or settings.ONLY_THIS_MACHINE)
        if not only_here and not (options["url"] and options["user"]):
            raise CannotPlay(
                "This clinic is not for this machine alone: name --url and --user to play in it."
            )
        if options["user"]:
            return url, options["user"], _password()
        names = _demo_people(dice)
        connection.close()  # from here on it is all done over HTTP
        return url, names, settings.DEMO_PASSWORD

    # -- what -------------------------------------------------------------------------------------------

    def _perform(
        self,
        visitors: list[Visitor],
        dice: random.Random,
        curtain: "Curtain",
        *,
        keep: bool,
        **options: Any,
    ) -> int:
        bar = Bar(sys.stderr)
        status = 0
        with curtain:
            here = list(_arriving(visitors, curtain))
            play = Play(here, dice)
            if not play.patients and not curtain.has_fallen():
                raise CannotPlay("There is no patient among them, and nobody else is booked for.")
            course = Course(
                options["minutes"] * 60, options["bookings"], options["speed"], curtain.has_fallen
            )
            try:
                self._play(play, course, bar, keep=keep)
                for visitor in here:
                    visitor.sign_out()
            except NobodyAnswers as reason:
                bar.end(_so_far(play))
                self._remark(str(reason))
                status = 1
            except KeyboardInterrupt:
                bar.end("left at once")
                status = 1
        self._sum_up(play)
        return status

    def _play(self, play: Play, course: Course, bar: "Bar", *, keep: bool) -> None:
        for share in course.steps(play):
            bar.show(share, _so_far(play))
            play.step(VERBS)
        if not keep:
            for share in tidy(play):
                bar.show(share, "tidying up")
        bar.end(_so_far(play))

    def _sum_up(self, play: Play) -> None:
        names = [*(verb.name for verb in VERBS), "taken back"]
        for name in names:
            self.stdout.write(f"  {name:<20}{play.done[name]:>4}")
        codes = ", ".join(f"{code} {count}" for code, count in sorted(play.refused.items()))
        self.stdout.write(f"  {'refused':<20}{play.refused.total():>4}  {codes}".rstrip())
        standing = len(play.visits) + len(play.absences)
        if standing:
            self.stdout.write(f"  {'left standing':<20}{standing:>4}")
        self.stdout.flush()

    def _remark(self, line: str) -> None:
        self.stderr.write(line, str)  # not in the colour of errors
        self.stderr.flush()


def _password() -> str:
    return getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _demo_people(dice: random.Random) -> list[str]:
    """Some of each role, always the same for the same dice."""
    people = Person.objects.filter(is_demo=True, is_active=True, is_approved=True).order_by("id")
    try:
        found = list(people.values_list("role", "username"))
    except DatabaseError as error:
        raise CannotPlay(f"The database cannot be used: {in_one_line(error)}") from error
    if not found:
        raise CannotPlay("There is no demo clinic here: `make up` makes one in an empty database.")
    counts = {Role.PATIENT: PATIENTS, Role.DOCTOR: DOCTORS, Role.RECEPTIONIST: DESKS}
    chosen: list[str] = []
    for role, count in counts.items():
        names = [name for its, name in found if its == role]
        chosen += dice.sample(names, min(count, len(names)))
    return chosen


def _arriving(visitors: list[Visitor], curtain: "Curtain") -> Iterator[Visitor]:
    for visitor in visitors:
        if not curtain.has_fallen():
            visitor.sign_in()
            yield visitor


def _so_far(play: Play) -> str:
    cancelled, refused = play.done["cancelled"], play.refused.total()
    return f"{play.booked} booked, {cancelled} cancelled, {refused} refused"


class Curtain:
    """Falls at Ctrl-C or SIGTERM: what is under way is finished and tidied up. The second leaves at once."""

    def __init__(self) -> None:
        self._fell_at: float | None = None
        self._before: dict[int, Any] = {}

    def has_fallen(self) -> bool:
        return self._fell_at is not None

    def patience(self) -> float:
        return LAST_PATIENCE_SECONDS if self.has_fallen() else PATIENCE_SECONDS

    def __enter__(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._fall)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _fall(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._fell_at is None:
            self._fell_at = now
        elif now - self._fell_at > SAME_WISH_SECONDS:  # sooner, it is one wish told by two
            raise KeyboardInterrupt


class Bar:
    """How far it is: one line that moves on a terminal, a line for every tenth elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moves = out.isatty()
        self._tenth = -1
        self._width = 0

    def show(self, share: float, words: str) -> None:
        filled = int(BAR * min(share, 1.0))
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {words}"
        if self._moves:
            self._out.write(f"\r{line:<{self._width}}")
            self._width = len(line)
            self._out.flush()
        elif int(share * 10) != self._tenth:
            self._tenth = int(share * 10)
            self._out.write(line + "\n")
            self._out.flush()

    def end(self, words: str) -> None:
        self._tenth = -1
        self.show(1.0, words)
        if self._moves:
            self._out.write("\n")
            self._out.flush()
