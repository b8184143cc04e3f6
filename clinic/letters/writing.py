"""A letter in both its forms, made of its template: plain text, and HTML in the clinic's frame."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.template import Context, Engine, Template

from clinic.letters.dates import CALENDARS
from clinic.models.messages import MessageKind

TEMPLATES: Final = Path(__file__).with_name("templates")
LANGUAGES: Final = tuple(CALENDARS)
FALLBACK: Final = LANGUAGES[0]
# At the foot of every letter that people may choose not to get.
FOOT: Final = "foot"
# Whoever wants no mails gets none of these; the others concern the account itself.
OPTIONAL: Final = frozenset(
    {
        MessageKind.VISIT_BOOKED,
        MessageKind.VISIT_MOVED,
        MessageKind.VISIT_CANCELLED,
        MessageKind.VISIT_REMINDER,
        MessageKind.WAITLIST_OFFER,
        MessageKind.NEW_NOTE,
        MessageKind.DOCTOR_ASSIGNED,
    }
)
_ENGINE: Final = Engine(dirs=[str(TEMPLATES)])
_BUTTON: Final = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<address>[^)]+)\)")
_PANEL: Final = "> "


@dataclass(frozen=True, slots=True)
class Letter:
    """By which template, in which language, and what it needs besides the clinic's name.

    `account` is where its reader chooses whether to get such letters; none in one that everybody gets.
    """

    template: str
    language: str
    values: Mapping[str, str] = field(default_factory=dict)
    account: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


def language_for(wish: str) -> str:
    """The language of the letters of somebody who wants this one; `de-AT` is `de` here."""
    language = wish.lower().replace("_", "-").partition("-")[0]
    return language if language in LANGUAGES else FALLBACK


def written(letter: Letter, *, clinic: str, site: str) -> Written:
    """The letter with its values filled in, as people read it."""
    values = {**letter.values, "clinic": " ".join(clinic.split()), "site": site}
    values["account"] = letter.account
    subject, blocks = _blocks(letter, letter.template, values)
    foot = _foot(letter, values) if letter.account else []
    frame = _ENGINE.get_template("frame.html")
    shown = {**values, "subject": subject, "blocks": blocks, "foot": foot}
    return Written(
        subject=subject,
        text=_as_text(blocks, foot, values),
        html=frame.render(Context({**shown, "language": letter.language})),
    )


# -- templates ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A paragraph of a template: text, a panel (its lines begin with `> `), or buttons, one a line.

    A template is taken apart before anything is filled in: no value can become a button.
    """

    text: Template | None = None
    panel: tuple[Template, ...] = ()
    buttons: tuple[tuple[Template, Template], ...] = ()


@cache
def _patterns(language: str, name: str) -> tuple[Template, tuple[_Pattern, ...]]:
    source = (TEMPLATES / language / f"{name}.txt").read_text("utf-8")
    subject, *paragraphs = [part.strip() for part in re.split(r"\n\s*\n", source.strip())]
    return _template(subject), tuple(_pattern(part) for part in paragraphs)


def _pattern(paragraph: str) -> _Pattern:
    lines = paragraph.splitlines()
    buttons = [_BUTTON.fullmatch(line) for line in lines]
    found = [(_template(b["words"]), _template(b["address"])) for b in buttons if b]
    if len(found) == len(lines):
        return _Pattern(buttons=tuple(found))
    if all(line.startswith(_PANEL) for line in lines):
        return _Pattern(panel=tuple(_template(line.removeprefix(_PANEL)) for line in lines))
    return _Pattern(text=_template(paragraph))


def _template(source: str) -> Template:
    return Template(source, engine=_ENGINE)


def _blocks(letter: Letter, name: str, values: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The subject, and the paragraphs as the frame has them."""
    # Plain text: only the frame, which is HTML, escapes what it is given.
    context = Context(dict(values), autoescape=False)
    subject, patterns = _patterns(letter.language, name)
    blocks = [
        {
            "text": _plain(pattern.text, context) if pattern.text else "",
            "panel": [_plain(line, context) for line in pattern.panel],
            "buttons": [(_plain(w, context), _plain(a, context)) for w, a in pattern.buttons],
        }
        for pattern in patterns
    ]
    return _plain(subject, context), blocks


def _plain(template: Template, context: Context) -> str:
    # What a template makes is marked as safe for HTML. This is not.
    return "".join([template.render(context)])


def _foot(letter: Letter, values: Mapping[str, str]) -> list[Any]:
    said, blocks = _blocks(letter, FOOT, values)
    return [{"text": said, "panel": [], "buttons": []}, *blocks]


def _as_text(blocks: list[Any], foot: list[Any], values: Mapping[str, str]) -> str:
    said = [_text_of(block) for block in blocks]
    sender = "\n".join([values["clinic"], values["site"]])
    return "\n\n".join([*said, f"-- \n{sender}", *(_text_of(block) for block in foot)]) + "\n"


def _text_of(block: Any) -> str:
    if block["buttons"]:
        return "\n\n".join(f"{words}:\n{address}" for words, address in block["buttons"])
    return "\n".join(f"    {line}" for line in block["panel"]) or str(block["text"])
