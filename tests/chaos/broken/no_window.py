"""Control: nobody waits for acknowledgements; what a client does not take piles up in the process."""

from realtime.consumer import ClinicSocket


def has_room(socket: ClinicSocket) -> bool:
    return not socket._closed


def install() -> None:
    setattr(ClinicSocket, "has_room", has_room)  # noqa: B010
