"""Inside a web process of a run: lets nudges and transactions go wrong, as crashes would."""

import json
import os
import random
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError

from clinic import journal
from clinic.journal import Announcement
from realtime import nudges
from tests.chaos.hooks import NAME, ROLLED_BACK, Hooks

_dice = random.Random()
_tell = nudges.nudge
_number = journal._number
hooks = Hooks()


def install() -> None:
    """Put what the environment names into this process. Called before it serves."""
    global hooks
    hooks = Hooks(**json.loads(os.environ[NAME]))
    _dice.seed(f"{hooks.seed} {os.getpid()}")
    settings.EVENT_SINKS = [
        f"{__name__}.nudge" if sink == "realtime.nudges.nudge" else sink
        for sink in settings.EVENT_SINKS
    ]
    setattr(journal, "_number", number)  # noqa: B010
    for name in hooks.broken:
        import_module(f"tests.chaos.broken.{name}").install()


def nudge(announcement: Announcement) -> None:
    if _dice.random() >= hooks.lost_nudges:
        _tell(announcement)


def number(drafts: Sequence[Any]) -> dict[str, int]:
    heads = _number(drafts)
    if drafts and _dice.random() < hooks.rollbacks:
        _note_rollback({draft.body["id"] for draft in drafts})
        raise OperationalError("rolled back by the test")
    return heads


def _note_rollback(event_ids: set[str]) -> None:
    """Before it happens: a process that is killed right here has rolled back as well."""
    with (Path(hooks.folder) / ROLLED_BACK).open("a") as file:
        file.write("".join(f"{event_id}\n" for event_id in sorted(event_ids)))
