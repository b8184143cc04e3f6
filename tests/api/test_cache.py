"""The cache through Redis: shared, plain, and never in the way."""

import time
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCacheClient

from api import cache as ours
from tests.servers.redis import Redis


def client() -> ours.SparingClient:
    """The one of this process."""
    shared = getattr(cache, "_cache")  # noqa: B009 - private to Django
    assert isinstance(shared, ours.SparingClient)
    return shared


@pytest.fixture
def remembering(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Redis:
    """A cache that has not yet seen Redis fail."""
    monkeypatch.setattr(ours, "PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(client(), "_silent_until", 0.0)
    return redis


@pytest.mark.usefixtures("remembering")
def test_what_is_remembered_is_found_by_every_request_over_one_pool() -> None:
    cache.set_many({"a": "1", "b": None}, 60)
    other = caches.create_connection("default")

    assert other.get_many(["a", "b", "c"]) == {"a": "1", "b": None}
    assert getattr(other, "_cache") is client()  # noqa: B009


def test_what_lies_in_redis_is_plain_and_under_our_prefix(remembering: Redis) -> None:
    cache.set("a", ["text", 1], 60)

    with remembering.client() as redis:
        [key] = redis.keys("*")
        assert key.decode() == f"{settings.REDIS_PREFIX}:cache:1:a"
        assert redis.get(key) == b'["text", 1]'
        assert 0 < redis.ttl(key) <= 60


def test_nothing_fails_while_redis_is_gone_and_it_is_used_again_afterwards(
    remembering: Redis,
) -> None:
    remembering.kill()

    cache.set("a", "1", 60)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a"]) == {}
    cache.set_many({"a": "1"}, 60)

    remembering.start()
    time.sleep(0.3)
    cache.set("a", "2", 60)
    assert cache.get("a") == "2"


def test_a_frozen_redis_is_waited_for_once(
    remembering: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    real = RedisCacheClient.get

    def counted(asking: Any, key: str, default: Any) -> Any:
        asked.append(key)
        return real(asking, key, default)

    monkeypatch.setattr(ours, "PAUSE_SECONDS", 60)
    monkeypatch.setattr(RedisCacheClient, "get", counted)
    remembering.freeze()

    assert [cache.get(f"{number}") for number in range(20)] == [None] * 20
    assert len(asked) == 1


@pytest.mark.usefixtures("remembering")
def test_nobody_empties_the_redis_that_holds_celery_s_queue() -> None:
    with pytest.raises(NotImplementedError):
        cache.clear()
