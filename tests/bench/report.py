"""What a run says at its end: a table, a JSON file and a picture."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.picture import picture

GOAL_BOOKINGS_PER_SECOND: Final = 50
FLAT_WITHIN: Final = 1.5
RESULTS: Final = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    value: str
    goal: str = ""
    met: bool | None = None


def write(found: dict[str, Any], name: str) -> list[Path]:
    RESULTS.mkdir(exist_ok=True)
    data, image = RESULTS / f"{name}.json", RESULTS / f"{name}.svg"
    data.write_text(json.dumps(found, indent=1) + "\n")
    image.write_text(picture(found))
    return [data, image]


def table(found: dict[str, Any]) -> str:
    rows = [row for name, make in _ROWS.items() if name in found for row in make(found[name])]
    width = max(len(row.what) for row in rows)
    middle = max(len(row.value) for row in rows)
    lines = [
        f"{row.what:<{width}}  {row.value:>{middle}}  {row.goal:<14}{_verdict(row)}".rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    return {True: "met", False: "NOT MET", None: ""}[row.met]


def _latency(it: dict[str, Any]) -> Iterator[Row]:
    for rate in it["rates"]:
        frame, asked = rate["commit_to_frame_ms"], rate["asked_per_second"]
        name = f"B5  {it['sockets']} sockets, {asked} bookings/s: commit to frame"
        is_goal = asked == GOAL_BOOKINGS_PER_SECOND
        goal = ("<= 10 / 50 ms", frame["p50"] <= 10 and frame["p99"] <= 50) if is_goal else ()
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


def _sockets(it: dict[str, Any]) -> Iterator[Row]:
    clinic, stock, resume = it["clinic"], it["stock"], it["resume"]
    kb, many = clinic["kb_per_socket"], clinic["kb_per_socket_of_many"]
    yield Row("B4  memory per signed-in, watching socket", f"{kb:g} KB", "<= 60 KB", kb <= 60)
    yield Row("B4    with many sockets", f"{many:g} KB", "<= 60 KB", many <= 60)
    yield Row(
        "B4    stock Channels, not signed in",
        f"{stock['kb_per_socket']:g}, {stock['kb_per_socket_of_many']:g} KB",
    )
    yield Row("B4  connect, sign in and watch two topics", f"{clinic['joined_per_second']:g}/s")
    yield Row("B4    stock Channels: connect, two groups", f"{stock['joined_per_second']:g}/s")
    yield Row(
        f"B4  {resume['clients']} clients resume {resume['events']} events",
        f"{resume['seconds']:g} s, {sum(resume['turned_away'].values())} turned away",
    )


def _targeted(it: dict[str, Any]) -> Iterator[Row]:
    for kind, name in (("clinic", "clinic, commit to frame"), ("stock", "stock, send to frame")):
        side = it[kind]
        yield Row(
            f"B3  {name}, p50 / p99",
            f"{_ms(side['p50'])} / {_ms(side['p99'])}, {side['cpu_us_per_event']:g} us CPU",
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


_ROWS: Final = {
    "latency": _latency,
    "sockets": _sockets,
    "targeted": _targeted,
    "calls": _calls,
    "race": _race,
    "reminders": _reminders,
}


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value >= 1 else f"{value:.2f} ms"
