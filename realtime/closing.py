"""Why the server closes a socket, and what the client is to do then."""

from dataclasses import dataclass
from typing import Final, Literal

from django.conf import settings

from realtime.frames import Goodbye


@dataclass(frozen=True, slots=True)
class Closing:
    status: int
    code: str
    message: str
    reconnect: Literal["yes", "no", "after"]
    reconnect_in_ms: int | None = None

    def frame(self) -> str:
        return Goodbye(
            code=self.code,
            message=self.message,
            reconnect=self.reconnect,
            reconnect_in_ms=self.reconnect_in_ms,
        ).text()


BAD_FRAMES: Final = Closing(4400, "bad_frame", "Too many malformed frames.", "no")
UNAUTHENTICATED: Final = Closing(4401, "unauthenticated", "Sign in and come back.", "yes")
TOKEN_EXPIRED: Final = Closing(4401, "token_expired", "The token has expired.", "yes")
SESSION_ENDED: Final = Closing(4401, "session_ended", "This session has ended.", "yes")
FORBIDDEN: Final = Closing(4403, "forbidden", "This account may not be used here.", "no")
OTHER_USER: Final = Closing(4403, "other_user", "A socket belongs to one session.", "no")
AUTH_TIMEOUT: Final = Closing(4408, "auth_timeout", "No token came in time.", "yes")
TOO_MANY_SOCKETS: Final = Closing(4409, "too_many_sockets", "A newer socket took over.", "no")
NOT_ACKNOWLEDGING: Final = Closing(4410, "not_acknowledging", "Events go unread.", "yes")
GOING_AWAY: Final = Closing(
    4412, "going_away", "This server is about to stop.", "after", settings.DRAIN_RECONNECT_MS
)
TOO_MANY_FRAMES: Final = Closing(4429, "too_many_frames", "Slow down.", "after", 2000)
OVERLOADED: Final = Closing(4503, "overloaded", "Too busy at the moment.", "after", 5000)

# None that stands above can be missing in the contract.
CLOSINGS: Final = tuple(each for each in list(vars().values()) if isinstance(each, Closing))
