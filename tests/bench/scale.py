"""How much of everything a run does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    rounds: int
    sockets: int
    settle_seconds: float
    idle_seconds: float
    """Long enough for some of what is done every few seconds."""
    targeted_per_second: tuple[int, ...]
    targeted_seconds: float
    fan_out_per_second: tuple[int, ...]
    """To all sockets at once."""
    fan_out_seconds: float
    burst: int
    burst_of_stock: int
    """Its layer keeps a hundred messages of a process and drops the rest."""
    resuming: int
    missed: int
    warm_up_seconds: float
    bookings_per_second: tuple[int, ...]
    """One after the other. The goal is about the last."""
    booking_seconds: float
    calls: int
    """In one block, on one connection."""
    race_attempts: int
    race_seconds: float
    due_few: int
    due_many: int


FULL = Scale(
    rounds=3,
    sockets=1000,
    settle_seconds=1.5,
    idle_seconds=4,
    targeted_per_second=(100, 500, 1000),
    targeted_seconds=3,
    fan_out_per_second=(5, 60),
    fan_out_seconds=3,
    burst=600,
    burst_of_stock=30,
    resuming=1000,
    missed=10,
    warm_up_seconds=5,
    bookings_per_second=(10, 20, 50),
    booking_seconds=10,
    calls=100,
    race_attempts=10_000,
    race_seconds=60,
    due_few=1_000,
    due_many=100_000,
)
QUICK = Scale(
    rounds=1,
    sockets=200,
    settle_seconds=0.5,
    idle_seconds=2,
    targeted_per_second=(50, 100, 200),
    targeted_seconds=1,
    fan_out_per_second=(5, 20),
    fan_out_seconds=1,
    burst=100,
    burst_of_stock=20,
    resuming=200,
    missed=10,
    warm_up_seconds=1,
    bookings_per_second=(5, 20),
    booking_seconds=3,
    calls=10,
    race_attempts=300,
    race_seconds=5,
    due_few=1_000,
    due_many=2_000,
)
