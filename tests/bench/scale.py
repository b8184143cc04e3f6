"""How much of everything a run does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    rounds: int
    sockets: int
    warm_up_seconds: float
    bookings_per_second: tuple[int, ...]
    """One after the other. The goal is about the last."""
    booking_seconds: float
    many_sockets: int
    settle_seconds: float
    resuming: int
    missed: int
    targeted_per_second: int
    targeted_seconds: float
    calls: int
    """In one block, on one connection."""
    race_attempts: int
    race_seconds: float
    due_few: int
    due_many: int


FULL = Scale(
    rounds=3,
    sockets=1000,
    warm_up_seconds=5,
    bookings_per_second=(10, 20, 50),
    booking_seconds=12,
    many_sockets=4000,
    settle_seconds=3,
    resuming=1000,
    missed=10,
    targeted_per_second=100,
    targeted_seconds=6,
    calls=150,
    race_attempts=10_000,
    race_seconds=170,
    due_few=1_000,
    due_many=100_000,
)
QUICK = Scale(
    rounds=1,
    sockets=300,
    warm_up_seconds=2,
    bookings_per_second=(5, 20),
    booking_seconds=5,
    many_sockets=600,
    settle_seconds=2,
    resuming=200,
    missed=10,
    targeted_per_second=50,
    targeted_seconds=3,
    calls=20,
    race_attempts=600,
    race_seconds=10,
    due_few=1_000,
    due_many=5_000,
)
