"""The limits' tallies in Redis: one script, so that all web processes count as one."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import redis
import structlog
from django.conf import settings

from clinic.limits import Claim, StoreAway
from clinic.rules.rates import DRIFT

log = structlog.get_logger(__name__)
T = TypeVar("T")

TIMEOUT_SECONDS: Final = 0.25
# After a failure Redis is left alone for so long: not every request waits for what is not there.
PAUSE_SECONDS: Final = 5.0
# clinic.rules.rates.after_try for each key, written only when all of them pass. Numbers of a time are
# exact in Lua up to 2^53, but not in what it prints by itself.
SCRIPT: Final = f"""
local asked, at, longest, after = tonumber(ARGV[1]), 2, -1, {{}}
for index, key in ipairs(KEYS) do
  local tolerance, forget, furthest, many =
    tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local kept = redis.call('HMGET', key, 'ready_at', 'count', 'forget_at', 'tried_at')
  local ready_at, count, forget_at, tried_at =
    tonumber(kept[1]), tonumber(kept[2]), tonumber(kept[3]), tonumber(kept[4])
  local now = asked
  if tried_at and tried_at > asked and tried_at <= asked + {DRIFT} then now = tried_at end
  if not ready_at or ready_at > now + furthest then
    ready_at, count, forget_at = now, 0, now
  end
  if ready_at > now + tolerance then
    longest = math.max(longest, ready_at - now - tolerance)
  end
  if forget_at <= now then count = 0 end
  local step = tonumber(ARGV[at + 4 + math.min(count, many - 1)])
  ready_at = math.max(ready_at, now) + step
  after[index] = {{ready_at, count + 1, ready_at + forget, now}}
  at = at + 4 + many
end
if longest >= 0 then return longest end
for index, key in ipairs(KEYS) do
  local ready_at, count, forget_at, now = unpack(after[index])
  redis.call('HSET', key, 'count', count, 'ready_at', string.format('%.0f', ready_at),
    'forget_at', string.format('%.0f', forget_at), 'tried_at', string.format('%.0f', now))
  redis.call('PEXPIRE', key, string.format('%.0f', math.max(1, forget_at - now)))
end
return 0
"""


class InRedis:
    """Raises StoreAway when Redis does not answer at once: the limits then go on elsewhere."""

    def __init__(self) -> None:
        assert settings.REDIS_URL is not None
        self._client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
        )
        self._script = self._client.register_script(SCRIPT)
        self._silent_until = 0.0

    def take(self, claims: Sequence[Claim], now: int) -> int:
        numbers = [now]
        for claim in claims:
            rate = claim.rate
            numbers += [rate.tolerance, rate.forget, rate.furthest, len(rate.steps), *rate.steps]
        keys = [self._named(claim.key) for claim in claims]
        waiting: Any = self._if_there(lambda: self._script(keys=keys, args=numbers))
        return int(waiting)

    def forget(self, keys: Sequence[str]) -> None:
        self._if_there(lambda: self._client.delete(*(self._named(key) for key in keys)))

    def _named(self, key: str) -> str:
        return f"{settings.REDIS_PREFIX}:limit:{key}"

    def _if_there(self, ask: Callable[[], T]) -> T:
        if time.monotonic() < self._silent_until:
            raise StoreAway
        try:
            return ask()
        except (redis.RedisError, OSError) as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            log.warning("limits_without_redis", error=type(error).__name__)
            raise StoreAway from None
