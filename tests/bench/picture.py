"""The figures of a run as one SVG, drawn by hand: no plotting library for three simple charts."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from math import log10
from typing import Any, Final

WIDTH, LEFT, RIGHT = 720, 250, 690
INK, PALE, GOAL = "#1f2d3d", "#d7dee6", "#b3423a"
COLOURS: Final = ("#2a6f97", "#61a5c2", "#e09f3e")
FONT: Final = 'font-family="system-ui, sans-serif" font-size="13"'


def picture(found: dict[str, Any]) -> str:
    parts: list[str] = []
    y = 20
    for name, draws in _DRAWINGS.items():
        for draw in draws if name in found else ():
            lines, height = draw(found[name], y)
            parts += lines
            y += height + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" {FONT} fill="{INK}">\n'
        f'<rect width="{WIDTH}" height="{y}" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


Drawing = tuple[list[str], int]
_PEERS: Final = {
    "clinic": "the clinic",
    "stock": "stock Channels",
    "socketio": "Socket.IO",
}


def _latency(it: dict[str, Any], y: int) -> Drawing:
    """How many of the frames had come after so many milliseconds (logarithmic), and the stages."""
    top, bottom = y + 30, y + 180

    def x_of(ms: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, (log10(max(ms, 0.1)) + 1) / 5))

    title = f"Commit to frame, {it['sockets']} sockets: share of frames that came within"
    lines = [_text(20, y + 10, title, bold=True)]
    for ms in (0.1, 1, 10, 100, 1000, 10_000):
        lines.append(_line(x_of(ms), top, x_of(ms), bottom, PALE))
        lines.append(_text(x_of(ms), bottom + 16, f"{ms:g} ms", anchor="middle"))
    for share, goal in ((0.5, 5), (0.99, 20)):
        height = bottom - share * (bottom - top)
        lines.append(_line(LEFT, height, x_of(goal), height, GOAL, dashed=True))
        lines.append(_text(LEFT - 8, height + 4, f"p{share * 100:g} <= {goal} ms", anchor="end"))
    for number, (rate, colour) in enumerate(zip(it["rates"], COLOURS, strict=False)):
        curve = rate["curve_ms"]
        points = " ".join(
            f"{x_of(ms):.1f},{bottom - (index + 1) / len(curve) * (bottom - top):.1f}"
            for index, ms in enumerate(curve)
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        place = top + 32 + number * 20
        lines.append(f'<rect x="20" y="{place}" width="10" height="10" fill="{colour}"/>')
        lines.append(_text(36, place + 10, f"{rate['asked_per_second']} bookings/s"))
    first = it["rates"][0]
    words = f"where the time goes at {first['asked_per_second']}/s"
    lines += _stages(first["stages_ms"], words, bottom + 45)
    return lines, 270


def _stages(stages: dict[str, dict[str, float]], words: str, y: int) -> Iterator[str]:
    x = float(LEFT)
    yield _text(20, y + 12, words)
    for stage, colour in zip(stages.values(), COLOURS, strict=False):
        width = (RIGHT - LEFT) * stage["share"]
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" fill="{colour}"/>'
        x += width
    for index, ((name, stage), colour) in enumerate(zip(stages.items(), COLOURS, strict=False)):
        place = 20 + index * 230
        yield f'<rect x="{place}" y="{y + 28}" width="10" height="10" fill="{colour}"/>'
        yield _text(place + 16, y + 38, f"{name} {stage['share']:.0%}")


def _burst(it: dict[str, Any], y: int) -> Drawing:
    values = [(name, it[kind]["burst"]["deliveries_per_second"]) for kind, name in _of(it)]
    return _bars(f"A burst to {it['sockets']} sockets: deliveries a second", values, y)


def _paced(it: dict[str, Any], y: int) -> Drawing:
    rate = list(it["clinic"]["paced"])[-1]
    values = [(name, it[kind]["paced"][rate]["cpu_us_per_delivery"]) for kind, name in _of(it)]
    return _bars(f"To all, {rate} times a second: microseconds of CPU per delivery", values, y)


def _targeted(it: dict[str, Any], y: int) -> Drawing:
    rate = list(it["clinic"]["targeted"])[-1]
    values = [(name, it[kind]["targeted"][rate]["p99"]) for kind, name in _of(it)]
    return _bars(f"To one of them, {rate} times a second: p99, milliseconds", values, y)


def _memory(it: dict[str, Any], y: int) -> Drawing:
    values = [
        (f"{name}{when}", it[kind]["sockets"][figure])
        for kind, name in _of(it)
        for figure, when in (
            ("kb_per_socket", ""),
            ("kb_per_socket_after_burst", ", after a burst"),
        )
    ]
    return _bars("Memory per socket, KB (goal: at most 40)", values, y, goal=40)


def _of(it: dict[str, Any]) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in _PEERS.items() if kind in it]


def _race(it: dict[str, Any], y: int) -> Drawing:
    values = [
        (f"{engine['engine']}, {kind}", engine[key]["overlaps"])
        for engine in it.values()
        for key, kind in (("clinic", "the clinic"), ("naive", "look, then insert"))
    ]
    attempts = next(iter(it.values()))["clinic"]["attempts"]
    return _bars(f"Double bookings after {attempts} attempts at the same times", values, y)


def _bars(
    title: str, values: Sequence[tuple[str, float]], y: int, goal: float | None = None
) -> Drawing:
    largest = max([1e-9, goal or 0, *(value for _name, value in values)]) * 1.15
    scale = (RIGHT - LEFT) / largest
    lines = [_text(20, y + 10, title, bold=True)]
    bottom = y + 26 + 24 * len(values)
    for index, (name, value) in enumerate(values):
        top = y + 26 + index * 24
        lines.append(_text(LEFT - 8, top + 13, name, anchor="end"))
        lines.append(
            f'<rect x="{LEFT}" y="{top}" width="{value * scale:.1f}" height="16"'
            f' fill="{COLOURS[index % 2]}"/>'
        )
        lines.append(_text(LEFT + value * scale + 6, top + 13, f"{value:,g}"))
    if goal:
        lines.append(
            _line(LEFT + goal * scale, y + 20, LEFT + goal * scale, bottom, GOAL, dashed=True)
        )
    return lines, bottom - y


def _text(x: float, y: float, words: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'
    )


_DRAWINGS: Final[dict[str, tuple[Callable[[dict[str, Any], int], Drawing], ...]]] = {
    "peers": (_burst, _paced, _targeted, _memory),
    "latency": (_latency,),
    "race": (_race,),
}
