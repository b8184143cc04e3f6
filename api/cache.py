"""Redis as a cache that may be gone: then nothing is remembered, and nobody waits."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
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
        super().__init__(servers, serializer="api.cache.Plain", **options)
        self._silent_until = 0.0

    def get(self, key: Any, default: Any) -> Any:
        return self._if_there(default, super().get, key, default)

    def get_many(self, keys: Iterable[Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = self._if_there({}, super().get_many, keys)
        return found

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._if_there(None, super().set, key, value, timeout)

    def set_many(self, data: Mapping[Any, Any], timeout: Any) -> None:
        self._if_there(None, super().set_many, data, timeout)

    def clear(self) -> bool:
        # Django's would empty the whole database of Redis, Celery's queue with it.
        raise NotImplementedError("entries expire by themselves")

    def _if_there(self, otherwise: Any, ask: Callable[..., Any], *arguments: Any) -> Any:
        if time.monotonic() < self._silent_until:
            return otherwise
        try:
            return ask(*arguments)
        except (redis.RedisError, OSError, ValueError) as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            log.warning("cache_away", error=type(error).__name__)
            return otherwise


@cache
def client_of_this_process(
    servers: tuple[str, ...], options: frozenset[tuple[str, Any]]
) -> SparingClient:
    return SparingClient(list(servers), **dict(options))


class SharedRedisCache(RedisCache):
    """One pool of connections per process. Django's own would make one per request under ASGI."""

    def __init__(self, server: list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        options = frozenset(params.get("OPTIONS", {}).items())
        self._shared = client_of_this_process(tuple(server), options)

    @property
    def _cache(self) -> SparingClient:
        return self._shared
