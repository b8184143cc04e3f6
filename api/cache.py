"""Redis as a cache that may be gone: then nothing is remembered, and nobody waits."""

import json
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import redis
import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

log = structlog.get_logger(__name__)

# After a failure Redis is left alone for so long: not every request waits for what is not there.
PAUSE_SECONDS: Final = 5.0


class Plain:
    """JSON instead of pickle: who can write into Redis must not be able to run code here."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SparingClient(RedisCacheClient):
    """Reads find nothing and writes do nothing while Redis is away; whatever promises more raises."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, serializer=Plain, **options)
        self._silent_until = 0.0

    def get(self, key: str, default: Any) -> Any:
        return self._if_there(default, lambda: super(SparingClient, self).get(key, default))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        return self._if_there({}, lambda: super(SparingClient, self).get_many(keys))

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        self._if_there(None, lambda: super(SparingClient, self).set(key, value, timeout))

    def set_many(self, data: dict[str, Any], timeout: int | None) -> None:
        self._if_there(None, lambda: super(SparingClient, self).set_many(data, timeout))

    def clear(self) -> bool:
        # Django's would empty the whole database of Redis, Celery's queue with it.
        raise NotImplementedError("entries expire by themselves")

    def _if_there(self, otherwise: Any, ask: Callable[[], Any]) -> Any:
        if time.monotonic() < self._silent_until:
            return otherwise
        try:
            return ask()
        except (redis.RedisError, OSError, ValueError) as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            log.warning("cache_away", error=type(error).__name__)
            return otherwise


@cache
def _client(servers: tuple[str, ...], options: frozenset[tuple[str, Any]]) -> SparingClient:
    return SparingClient(list(servers), **dict(options))


class SharedRedisCache(RedisCache):
    """One pool of connections per process. Django's own would make one per request under ASGI."""

    @property
    def _cache(self) -> SparingClient:
        return _client(tuple(self._servers), frozenset(self._options.items()))
