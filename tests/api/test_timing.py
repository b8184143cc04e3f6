"""How long an answer takes does not say whether there is an account: measured over real HTTP."""

import statistics
import time
from collections.abc import Callable

import httpx
import pytest

from tests import world
from tests.servers.fixtures import StartWeb

ROUNDS = 60
# A sign-in that looked for no password would be tens of times faster: this is far from noise and from that.
ALIKE = 1.5


def ratio(known: Callable[[], None], unknown: Callable[[], None]) -> float:
    """Of medians; the two take turns, so that what else the machine does hits both."""
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for _ in range(ROUNDS):
        for name, ask in (("known", known), ("unknown", unknown)):
            began = time.perf_counter()
            ask()
            took[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(times) for name, times in took.items()}
    print({name: f"{median * 1000:.1f} ms" for name, median in medians.items()})
    return max(medians.values()) / min(medians.values())


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_known_and_unknown_accounts_take_equally_long(start_web: StartWeb) -> None:
    off = ("SIGN_IN", "SIGN_IN_ACCOUNT", "SIGN_IN_NETWORK", "PASSWORD_RESET", "STRANGERS")
    web = start_web(env={f"CLINIC_LIMIT_{name}": "off" for name in off})
    with httpx.Client(base_url=web.base_url, timeout=30, trust_env=False) as client:
        account = {"username": "ana", "email": "ana@example.org", "role": "PATIENT"}
        made = client.post("/api/auth/register/", json={**account, "password": world.PASSWORD})
        assert made.status_code == 201, made.text

        def sign_in(name: str) -> None:
            wrong = {"username": name, "password": "a-wrong-horse-7"}
            assert client.post("/api/auth/login/", json=wrong).status_code == 401

        def reset(email: str) -> None:
            assert (
                client.post("/api/auth/password/reset/", json={"email": email}).status_code == 202
            )

        assert ratio(lambda: sign_in("ana"), lambda: sign_in("nobody")) < ALIKE
        assert ratio(lambda: reset("ana@example.org"), lambda: reset("no@example.org")) < ALIKE


def test_a_difference_would_be_seen() -> None:
    assert ratio(lambda: time.sleep(0.002), lambda: None) > ALIKE
