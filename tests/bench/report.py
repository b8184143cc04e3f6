"""What a run says at its end: a table, a JSON file and a picture."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tests.bench.picture import picture

GOAL_BOOKINGS_PER_SECOND: Final = 50
TOP: Final = 14
FLAT_WITHIN: Final = 1.5
RESULTS: Final = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    value: str
    goal: str = ""
    met: bool | None = None
    beside: tuple[str, str, str] = ("", "", "")
    """The same of stock Channels and of Socket.IO, and how many times Socket.IO's figure ours is."""


def write(found: dict[str, Any], name: str) -> list[Path]:
    RESULTS.mkdir(exist_ok=True)
    data, image = RESULTS / f"{name}.json", RESULTS / f"{name}.svg"
    data.write_text(json.dumps(found, indent=1) + "\n")
    image.write_text(picture(found))
    return [data, image]


def table(found: dict[str, Any]) -> str:
    tables = [list(make(found[name])) for name, make in _ROWS.items() if name in found]
    return "\n\n".join(map(_lines, tables))


def _lines(rows: list[Row]) -> str:
    cells = [(row.what, row.value, *row.beside, row.goal, _verdict(row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            f"{cell:>{width}}" if 0 < place < 5 else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            if width
        ).rstrip()
        for line in cells
    )


def profile(found: dict[str, Any]) -> str:
    """Where the clinic's server spent its CPU, by kind of load."""
    return "\n\n".join("\n".join(_profile(name, it)) for name, it in found.items())


def _profile(name: str, it: dict[str, Any]) -> Iterator[str]:
    figures = ", ".join(
        f"{what} {value:g}" for what, value in it["figures"].items() if what.startswith("cpu_us")
    )
    yield f"{name}: {it['cpu_seconds']:g} s of CPU; {figures}"
    for title, shares in (
        ("threads", it["threads"]),
        ("packages", it["packages"]),
        ("functions, without what they call", it["own"]),
        ("functions, with what they call", it["within"]),
    ):
        yield f"  {title}"
        yield from (f"    {share:6.1%}  {what}" for what, share in list(shares.items())[:TOP])


def _verdict(row: Row) -> str:
    return {True: "met", False: "NOT MET", None: ""}[row.met]


def _latency(it: dict[str, Any]) -> Iterator[Row]:
    for rate in it["rates"]:
        frame, asked = rate["commit_to_frame_ms"], rate["asked_per_second"]
        name = f"B5  {it['sockets']} sockets, {asked} bookings/s: commit to frame"
        is_goal = asked == GOAL_BOOKINGS_PER_SECOND
        goal = ("<= 5 / 20 ms", frame["p50"] <= 5 and frame["p99"] <= 20) if is_goal else ()
        yield Row(name, f"{_ms(frame['p50'])} / {_ms(frame['p99'])}", *goal)
        for stage, times in rate["stages_ms"].items():
            yield Row(
                f"B5    {stage}",
                f"{times['share']:.0%}: {_ms(times['p50'])} / {_ms(times['p99'])}",
            )
        answer = rate["request_to_answer_ms"]
        yield Row("B5    request to answer", f"{_ms(answer['p50'])} / {_ms(answer['p99'])}")
        answers = ", ".join(f"{how}: {count}" for how, count in rate["answers"].items() if count)
        yield Row("B5    bookings by answer", answers)
        yield Row("B5    server CPU per booking", _ms(rate["server_cpu_ms_per_booking"]))
        shares = ", ".join(f"{name} {share:.0%}" for name, share in rate["cpu"].items())
        yield Row("B5    share of one core", shares)


def _peers(it: dict[str, Any]) -> Iterator[Row]:
    yield Row(f"{it['sockets']} sockets", "clinic", "goal", beside=("stock", "Socket.IO", "ratio"))
    beside = _Beside(it)
    yield beside.row("B1  burst to all, deliveries/s", "burst.deliveries_per_second", at_least=1)
    yield beside.row("B1    CPU us per delivery", "burst.cpu_us_per_delivery")
    yield beside.row("B1    share of a core: load client", "burst.client_share", compared=False)
    yield beside.row("B1    s: publishing", "burst.publishing_seconds", compared=False)
    yield beside.row("B1    s: until all had come", "burst.seconds", compared=False)
    yield beside.row("B1    not delivered in time", "burst.lost", compared=False)
    for rate in it["clinic"]["paced"]:
        part = f"paced.{rate}"
        yield beside.row(f"B2  to all {rate}/s, p99 ms", f"{part}.p99", at_most=3)
        yield beside.row("B2    CPU us per delivery", f"{part}.cpu_us_per_delivery", at_most=2)
        yield beside.row("B2    not delivered in time", f"{part}.lost", compared=False)
        yield beside.row(
            "B2    share of a core: load client", f"{part}.client_share", compared=False
        )
    for rate in it["clinic"]["targeted"]:
        part = f"targeted.{rate}"
        yield beside.row(f"B3  to one of them {rate}/s, p99 ms", f"{part}.p99", at_most=1)
        yield beside.row("B3    p50 ms", f"{part}.p50")
        yield beside.row("B3    CPU us per event", f"{part}.cpu_us_per_event", at_most=1)
        yield beside.row(
            "B3    published per second", f"{part}.published_per_second", compared=False
        )
    yield from _sockets(it, beside)
    yield beside.row("      CPU share when idle", "sockets.idle_cpu_share", compared=False)
    yield beside.row("      server's core, share of others", "noise.others_share", compared=False)


def _sockets(it: dict[str, Any], beside: "_Beside") -> Iterator[Row]:
    ours = it["clinic"]["sockets"]
    kb, joined = ours["kb_per_socket"], ours["joined_per_second"]
    row = beside.row("B4  KB per idle, watching socket", "sockets.kb_per_socket")
    yield replace(row, goal="<= 40 KB", met=kb <= 40)
    yield beside.row("B4    after a burst", "sockets.kb_per_socket_after_burst", at_most=0.4)
    row = beside.row("B4  connect, sign in, watch two topics, per s", "sockets.joined_per_second")
    yield replace(row, goal=">= 500/s", met=joined >= 500)
    yield beside.row("B4    CPU ms each", "sockets.cpu_ms_per_join")


class _Beside:
    """Makes rows of what was measured of each; a goal is about the ratio to Socket.IO."""

    def __init__(self, it: dict[str, Any]) -> None:
        self._it = it

    def row(
        self,
        what: str,
        path: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        compared: bool = True,
    ) -> Row:
        clinic, stock, socketio = (self._figure(kind, path) for kind in _KINDS)
        assert clinic is not None
        ratio = clinic / socketio if socketio and compared else None
        goal, met = "", None
        if at_most is not None:
            goal, met = f"<= {at_most:g} x", None if ratio is None else ratio <= at_most
        elif at_least is not None:
            goal, met = f">= {at_least:g} x", None if ratio is None else ratio >= at_least
        shown = "" if ratio is None else f"{ratio:.2f} x"
        return Row(what, f"{clinic:g}", goal, met, (_shown(stock), _shown(socketio), shown))

    def _figure(self, kind: str, path: str) -> float | None:
        found = self._it.get(kind)
        for name in path.split("."):
            found = None if found is None else found[name]
        return found


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _resume(it: dict[str, Any]) -> Iterator[Row]:
    seconds = it["seconds"]
    yield Row(
        f"B4  {it['clients']} clients resume {it['missed']} events each: s until all are live",
        f"{seconds:g} s, {it['turned_away']:g} turned away",
        "<= 3 s",
        seconds <= 3,
    )


def _calls(it: dict[str, Any]) -> Iterator[Row]:
    for name, one in it.items():
        statements = f"{one['reads']} reads" + (f", {one['writes']} writes" * bool(one["writes"]))
        yield Row(
            f"B6  {name} / bare view with {statements}",
            f"{_ms(one['clinic_ms'])} / {_ms(one['bare_ms'])} = {one['ratio']:g}",
            "<= 3",
            one["ratio"] <= 3,
        )
        yield Row("B6    CPU of the server", f"{one['cpu_ratio']:g}")


def _race(it: dict[str, Any]) -> Iterator[Row]:
    for engine in it.values():
        clinic, naive = engine["clinic"], engine["naive"]
        name = f"{engine['engine']}, {clinic['attempts']} attempts, {engine['threads']} threads"
        booked = clinic["outcomes"].get("booked", 0)
        yield Row(
            f"Race  {name}",
            f"{booked} booked, {clinic['overlaps']} overlaps",
            "0 overlaps",
            clinic["overlaps"] == 0,
        )
        yield Row(
            "Race    look, then insert",
            f"{naive['outcomes'].get('booked', 0)} booked, {naive['overlaps']} overlaps",
        )


def _reminders(it: dict[str, Any]) -> Iterator[Row]:
    for engine in it.values():
        rates = engine["per_second"]
        slowest = min(rates[part] for part in ("first", "middle", "last"))
        yield Row(
            f"B9  {engine['engine']}, {engine['many']} due: first, middle and last claims per second",
            f"{rates['first']:g}, {rates['middle']:g}, {rates['last']:g}",
        )
        ratio = rates["few"] / slowest
        yield Row(
            f"B9    with {engine['few']} due {rates['few']:g}/s, so many times the slowest of those",
            f"{ratio:.2f} x",
            "<= 1.5 x",
            ratio <= FLAT_WITHIN,
        )


_KINDS: Final = ("clinic", "stock", "socketio")
_ROWS: Final[dict[str, Callable[[dict[str, Any]], Iterator[Row]]]] = {
    "peers": _peers,
    "resume": _resume,
    "latency": _latency,
    "calls": _calls,
    "race": _race,
    "reminders": _reminders,
}


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value >= 1 else f"{value:.2f} ms"
