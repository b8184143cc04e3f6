"""Examples of all messages of the socket: frames that were written, events that are made up from their schemas."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel

from clinic.events import Event
from clinic.models.people import Role
from clinic.topics import DESK, TopicKind
from realtime import frames, refusals
from realtime.closing import GOING_AWAY, OVERLOADED, TOKEN_EXPIRED
from realtime.limits import told_limits

Example = dict[str, Any]
_AT: Final = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
_TEXT: Final = "2026-11-23T08:30:00.123456Z"
_EPOCH: Final = "0b9d7c1e-6f0a-4c55-9a3b-2f1f6f3f7d10"
_TOKEN: Final = "<access token>"  # noqa: S105  (it stands for one)
_DOCTOR: Final = frames.User(id=5, name="Dr Kwame Osei", role=Role.DOCTOR)
_PATIENT: Final = frames.User(id=9, name="Ana Lima", role=Role.PATIENT)


def frame_examples() -> dict[str, list[Example]]:
    """By the name of the model, in the order of a conversation."""
    said = [
        frames.Welcome(time=_AT, heartbeat_s=25, limits=told_limits()),
        frames.Auth(op="auth", id=1, token=_TOKEN),
        frames.Authenticated(
            re=1, user=_DOCTOR, expires_at=_AT, epoch=_EPOCH, topics=["user.5", "calendar.5"]
        ),
        frames.Watch(op="watch", id=2, topic="calendar.5", since=41, epoch=_EPOCH),
        frames.Watch(op="watch", id=3, topic="slots.5"),
        frames.Watching(re=2, topic="calendar.5", head=44, epoch=_EPOCH, mode="resumed"),
        frames.Watching(re=3, topic="slots.5", head=108, epoch=_EPOCH, mode="fresh"),
        frames.Watching(
            re=2, topic="calendar.5", head=4410, epoch=_EPOCH, mode="reset", reason="too_old"
        ),
        frames.Live(topic="calendar.5", seq=44),
        frames.Ack(op="ack", topics={"calendar.5": 44, "slots.5": 108}),
        frames.Ping(op="ping", id=4),
        frames.Done(re=4),
        frames.Unwatch(op="unwatch", id=5, topic="slots.5"),
        *(_failed(refusal) for refusal in (refusals.NO_SUCH_TOPIC, refusals.OVERLOADED)),
        frames.Failed(error=_error(refusals.BAD_FRAME)),
        frames.Presence(topic="record.4", watching=[_PATIENT, _DOCTOR]),
        frames.Heartbeat(heads={"calendar.5": 44, "slots.5": 108}, time=_AT),
        frames.AuthExpiring(expires_at=_AT),
        frames.Revoked(topic="record.4"),
        frames.Reset(topic="calendar.5"),
        *(_goodbye(why) for why in (TOKEN_EXPIRED, GOING_AWAY, OVERLOADED)),
    ]
    found: dict[str, list[Example]] = {}
    for frame in said:
        found.setdefault(type(frame).__name__, []).append(_written(frame))
    return found


def _written(frame: BaseModel) -> Example:
    return frame.model_dump(mode="json", exclude_none=True)


def _error(why: refusals.Refusal) -> frames.Error:
    ms = why.retry_after_ms
    return frames.Error(
        code=why.code, message=why.message, retryable=ms is not None, retry_after_ms=ms
    )


def _failed(why: refusals.Refusal) -> frames.Failed:
    return frames.Failed(re=2, error=_error(why))


def _goodbye(why: Any) -> frames.Goodbye:
    return frames.Goodbye(
        code=why.code,
        message=why.message,
        reconnect=why.reconnect,
        reconnect_in_ms=why.reconnect_in_ms,
    )


# -- events ---------------------------------------------------------------------------------------------

_DAYS: Final = {
    "monday": {
        "is_available": True,
        "start_time": "09:00",
        "end_time": "17:00",
        "windows": [
            {"start_time": "09:00", "end_time": "12:00"},
            {"start_time": "13:00", "end_time": "17:00"},
        ],
    }
}
# What stands under these names; one that is not here gets something of its type. A test holds them against the schemas.
_VALUES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        (
            "ticket", "position", "arrived_at", "called_at", "called_by", "room", "estimated_start",
            "confirmed_at", "email_bounced_at", "max_patients_per_day", "lead_times",
        ),
        None,
    ),
    ".id": "7f9c2f5e-3b76-4d0c-9f3e-0d5a1c5b8a11", "actor": {"id": 9, "name": "Ana Lima"},
    "address": "", "appointment": 17, "appointment_date": "2026-11-24", "appointment_duration": 20,
    "assignment": 3, "attachments": [], "available_days": _DAYS, "channels.in_app": True,
    "channels.email": True, "content": "Rest, and come back in a week.", "date_of_birth": "1990-04-01",
    "dates": ["2026-11-24", "2026-11-25"], "description": "Since Tuesday, both ears.",
    "doctor.id": 5, "doctor.name": "Dr Kwame Osei", "email": "ana@example.org", "end": "2026-11-24T08:20:00Z",
    "end_time": "09:20", "first_name": "Ana", "health_record": 4, "id": 17, "ids": [], "is_active": True,
    "is_approved": True, "kind": "1d", "language": "en", "last_name": "Lima", "location": "", "name": "Ana Lima",
    "notes": "It itches.", "notification.id": 31, "notification.message": "Tuesday 24 November 2026, 09:00 "
    "(Europe/Paris), with Dr Kwame Osei.", "notification.seq": 42, "notification.title": "Appointment booked",
    "notification.read_at": None, "patient.id": 9, "phone_number": "+33 1 00 00 00 00", "priority": 0,
    "quiet_hours.from": "22:00", "quiet_hours.until": "07:00", "reason": "Earache", "record": 4,
    "record_id": "HR-4", "sequence": 0, "specialization": "Ear, nose and throat", "start": "2026-11-24T08:00:00Z",
    "start_time": "09:00",
    "subject.kind": "appointment", "time_zone": "Europe/Paris", "title": "Earache", "unread": 0, "up_to": 40,
    "username": "ana", "version": 1, "why": "patient",
}  # fmt: skip
_THE_DOCTOR: Final = {
    "id": 5, "username": "kwame", "email": "kwame@example.org", "first_name": "Kwame", "last_name": "Osei",
    "role": "DOCTOR", "date_of_birth": None, "phone_number": "",
}  # fmt: skip
# What makes an event of one type different from another of its shape.
_BY_TYPE: Final[Mapping[str, Example]] = {
    "appointment.cancelled": {"status": "CANCELLED", "version": 2, "sequence": 1},
    "appointment.confirmed": {"confirmed_at": _TEXT, "version": 2},
    "appointment.no_show": {"status": "NO_SHOW", "version": 2},
    "appointment.rescheduled": {"version": 2, "sequence": 1},
    "doctor.registered": _THE_DOCTOR | {"is_approved": False},
    "doctor.approved": _THE_DOCTOR,
    "doctor.rejected": _THE_DOCTOR | {"is_approved": False},
    "record.withdrawn": {"withdrawn": True},
    "slot.freed": {"state": "free"},
    "slot.taken": {"state": "taken"},
}


def event_example(
    kind: type[Event], topic: TopicKind, name: str, schemas: Mapping[str, Any]
) -> Example:
    """One such event, as the schema of that name asks for it."""
    frame: Example = _example(schemas[name], schemas, "")
    frame["topic"] = str(DESK) if topic is DESK.kind else f"{topic}.5"
    frame["seq"] = 42
    different = _BY_TYPE.get(kind.type, {})
    frame["data"] |= {name: value for name, value in different.items() if name in frame["data"]}
    return frame


def _example(schema: Any, schemas: Mapping[str, Any], path: str) -> Any:
    """`path` is the name of the value, behind that of what it is in."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas, path)
    for known in (path, path.rpartition(".")[2]):
        if known in _VALUES and schema.get("type") not in ("object", "null"):
            return _VALUES[known]
    for choice in schema.get("anyOf", ())[:1]:
        return _example(choice, schemas, path)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, path)
        case "array":
            return [_example(schema["items"], schemas, path)]
        case "string":
            return _FORMATS.get(schema.get("format", ""), "…")
        case "integer":
            return max(1, schema.get("minimum", 1))
    return False if schema.get("type") == "boolean" else None


def _object(schema: Any, schemas: Mapping[str, Any], path: str) -> Example:
    parent = path.rpartition(".")[2]
    if parent in _VALUES:
        return dict(_VALUES[parent])
    members = schema.get("properties", {})
    return {
        name: _example(members[name], schemas, f"{parent}.{name}")
        for name in schema.get("required", ())
    }


_FORMATS: Final = {"date-time": _TEXT, "date": "2026-11-24"}
