"""What a screen makes of events: the reference for the checker, put by id and never a lower version."""

import copy
from typing import Any

State = dict[str, Any]
Frame = dict[str, Any]


def after(state: State, frames: list[Frame], *, topic: str, person: int) -> State:
    """The state after these events, which may be older than parts of it."""
    state = copy.deepcopy(state)
    for frame in frames:
        _apply(state, copy.deepcopy(frame), topic.partition(".")[0], person)
    return state


def _apply(state: State, frame: Frame, kind: str, person: int) -> None:
    event, data = frame["type"], frame["data"]
    if kind == "slots":
        assert event.startswith("slot."), f"{event}: no writer changes hours"
        if data["start"] in state["slots"]:  # beyond the days that are shown
            state["slots"][data["start"]] = data
    elif kind == "record":
        _apply_to_record(state, event, data)
    else:
        if event.startswith("appointment.") and "appointments" in state:
            _put_appointment(state["appointments"], data, kind, person)
        if "inbox" in state:
            _apply_to_inbox(state["inbox"], frame)


def _put_appointment(shown: State, data: Frame, kind: str, person: int) -> None:
    if kind == "calendar" and data["doctor"]["id"] != person:
        shown.pop(str(data["id"]), None)  # it was given to a colleague
    else:
        _put(shown, data)


def _apply_to_record(state: State, event: str, data: Frame) -> None:
    if event == "annotation.removed":
        state["notes"].pop(str(data["id"]), None)
    elif event.startswith("annotation."):
        _put(state["notes"], data)
    elif data["version"] >= state["record"]["version"]:
        notes = data.pop("annotations")
        state["record"] = data
        state["notes"] = {str(note["id"]): note for note in notes}


def _apply_to_inbox(inbox: State, frame: Frame) -> None:
    if "notification" in frame:
        line = frame["notification"]
        inbox.setdefault(str(line["id"]), line)
    if frame["type"] == "notification.read":
        mark = frame["data"]
        # What came after the mark is not read, however far the mark reaches.
        for line in (line for line in inbox.values() if line["seq"] < frame["seq"]):
            named = (
                line["id"] in mark["ids"] if mark["up_to"] is None else line["seq"] <= mark["up_to"]
            )
            if named and line["read_at"] is None:
                line["read_at"] = mark["read_at"]


def _put(shown: State, item: Frame) -> None:
    known = shown.get(str(item["id"]))
    if known is None or known["version"] <= item["version"]:
        shown[str(item["id"])] = item
