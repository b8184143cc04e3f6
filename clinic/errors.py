"""Why an action refuses: one class per reason, each with a stable code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar


class ClinicError(Exception):
    """A refusal. `code` is what programs read, the message is what people read."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "This is not possible."

    def __init__(self, message: str | None = None) -> None:
        self.text = message or self.message
        super().__init__(self.text)


class NotFound(ClinicError):
    """What does not exist, and what the actor may not know exists."""

    code = "not_found"
    message = "There is nothing here."


class Forbidden(ClinicError):
    code = "forbidden"
    message = "You may not do this."


class NotSignedIn(ClinicError):
    code = "unauthenticated"
    message = "Sign in first."


class WrongCredentials(NotSignedIn):
    code = "wrong_credentials"
    message = "The user name or the password is wrong."


class TokenInvalid(NotSignedIn):
    code = "token_invalid"
    message = "The token is not valid, or its session has ended."


class RefreshRaced(NotSignedIn):
    """Another use of the same refresh token was first; the session stands."""

    code = "refresh_raced"
    message = "This refresh token was used a moment ago. The session goes on with the newer one."


class RateLimited(ClinicError):
    """Too often: nothing was done. `retry_after_ms` says when it may be tried again."""

    code = "rate_limited"

    def __init__(self, retry_after_ms: int) -> None:
        self.retry_after_ms = retry_after_ms
        seconds = self.retry_after_seconds
        super().__init__(
            f"Too many tries. Try again in {seconds} second{'' if seconds == 1 else 's'}."
        )

    @property
    def retry_after_seconds(self) -> int:
        return -(-self.retry_after_ms // 1000)


class FieldError(ClinicError):
    """A value that cannot be accepted, naming its field."""

    code = "invalid"

    def __init__(self, field: str, message: str, *, code: str = "invalid") -> None:
        self.field = field
        self.field_code = code
        super().__init__(message)


class LinkInvalid(FieldError):
    """A mailed link that is not genuine, too old, or has done its work."""

    def __init__(self) -> None:
        super().__init__(
            "token",
            "This link has been used, or is too old. Ask for a new one.",
            code="link_invalid",
        )


class TimeNotBookable(ClinicError):
    """A time that the rules refuse; the code says which rule."""

    code = "not_bookable"


class InPast(TimeNotBookable):
    code = "in_past"
    message = "This time has passed."


class TooSoon(TimeNotBookable):
    code = "too_soon"
    message = "This time is too close to now to be booked."


class OffGrid(TimeNotBookable):
    code = "off_grid"
    message = "No visit of this doctor starts at this time."


class OutsideHours(TimeNotBookable):
    code = "outside_hours"
    message = "The doctor does not work at this time."


class OnTimeOff(TimeNotBookable):
    code = "time_off"
    message = "The doctor is away at this time."


class ClinicClosed(TimeNotBookable):
    code = "clinic_closed"
    message = "The clinic is closed on this day."


class DayFull(TimeNotBookable):
    code = "day_full"
    message = "The doctor takes no more patients on this day."


class NonexistentTime(TimeNotBookable):
    code = "nonexistent_time"
    message = "The clocks are put forward at this time: it does not exist on this day."


class DoctorNotBookable(TimeNotBookable):
    code = "doctor_not_bookable"
    message = "This doctor cannot be booked."


class Overlap(ClinicError):
    """Somebody was faster. `alternatives` are the next free starts of that doctor (UTC)."""

    def __init__(self, alternatives: Sequence[datetime] = ()) -> None:
        self.alternatives = list(alternatives)
        super().__init__()


class SlotTaken(Overlap):
    code = "slot_taken"
    message = "This time has just been taken."


class PatientBusy(Overlap):
    code = "patient_busy"
    message = "The patient has another appointment at this time."


class InvalidTransition(ClinicError):
    """The appointment's status does not allow this; `allowed` names what it does allow."""

    code = "invalid_transition"

    def __init__(self, status: str, allowed: Sequence[str]) -> None:
        self.allowed = list(allowed)
        super().__init__(f"The appointment is {status}.")


class NothingToRetry(InvalidTransition):
    """It was sent, is still tried, or would only end as it did."""

    def __init__(self) -> None:
        ClinicError.__init__(self, "Sending this once more would not help.")
        self.allowed = []


class VersionConflict(ClinicError):
    code = "version_conflict"
    message = "This has changed since you loaded it."


class AlreadyStarted(ClinicError):
    code = "already_started"
    message = "The appointment's time has come; ask the front desk."


class VisitMoved(ClinicError):
    """A mailed link of a visit that has another time, or another doctor, since."""

    code = "visit_moved"
    message = "This visit was moved after this mail was sent. The newest mail tells its time."


class VisitCancelled(ClinicError):
    """A mailed link of a visit that will not take place."""

    code = "visit_cancelled"
    message = "This visit is cancelled already."


class IdempotencyKeyReused(ClinicError):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used with another request body."


class RoomInUse(ClinicError):
    """A patient is in this room, or on the way to it: it can be neither removed nor renamed now."""

    code = "room_in_use"

    def __init__(self, room: str) -> None:
        super().__init__(f"Room {room} is in use: a patient has been called to it.")


class PossibleDuplicate(ClinicError):
    """Somebody much like this is a patient already; nothing was added. `duplicates` says who and why."""

    code = "possible_duplicate"
    message = "There may be an account of this patient already."

    def __init__(self, duplicates: Sequence[Any]) -> None:
        self.duplicates = list(duplicates)
        super().__init__()
