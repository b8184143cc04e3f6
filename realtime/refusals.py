"""Why the server refuses a command, or what is none; the socket stays."""

from dataclasses import dataclass
from typing import Final

from clinic.errors import TokenInvalid
from clinic.topics import NoSuchTopic
from realtime.frames import Error, Failed


@dataclass(frozen=True, slots=True)
class Refusal:
    """With `retry_after_ms` it may be tried again."""

    code: str
    message: str
    retry_after_ms: int | None = None

    def frame(self, command_id: int | None) -> str:
        error = Error(
            code=self.code,
            message=self.message,
            retryable=self.retry_after_ms is not None,
            retry_after_ms=self.retry_after_ms,
        )
        return Failed(re=command_id, error=error).text()


NOT_SIGNED_IN: Final = Refusal("unauthenticated", "Sign in with the first frame.")
TOKEN_INVALID: Final = Refusal("unauthenticated", TokenInvalid.message)
BAD_FRAME: Final = Refusal("bad_frame", "This is no message of the protocol.")
NO_SUCH_TOPIC: Final = Refusal(NoSuchTopic.code, NoSuchTopic.message)
TOO_MANY_TOPICS: Final = Refusal("too_many_topics", "This socket watches enough topics.")
OVERLOADED: Final = Refusal("overloaded", "Too many resume at once.", 2000)
UNAVAILABLE: Final = Refusal("unavailable", "Try again in a moment.", 1000)

# None that stands above can be missing in the contract.
REFUSALS: Final = tuple(each for each in list(vars().values()) if isinstance(each, Refusal))
