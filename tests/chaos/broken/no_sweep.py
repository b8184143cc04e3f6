"""Control: nobody asks the database where topics stand; what a lost nudge told of stays unseen."""

from realtime.hub import Hub


async def wake_nobody(hub: Hub) -> None:
    pass


def install() -> None:
    setattr(Hub, "wake_all", wake_nobody)  # noqa: B010
