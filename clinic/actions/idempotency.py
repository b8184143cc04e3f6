"""One effect and one answer for a request that is sent more than once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from clinic import clock
from clinic.errors import IdempotencyKeyReused
from clinic.journal import numbered_last
from clinic.models import IdempotentAnswer, Person
from clinic.rows import insert_unless_there, store


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it can be kept: status and JSON body."""

    status: int
    body: Any


def answer_once(
    *, actor: Person, path: str, key: str, request: Any, effect: Callable[[], Answer]
) -> Answer:
    """Run `effect` unless this key was answered before; then give that answer again.

    The row that claims the key is inserted first and filled in the effect's own transaction. A parallel
    twin waits on it in the database; a refusal (an exception) rolls it back, so refusals are not kept.
    Raises IdempotencyKeyReused for another request under the same key.
    """
    digest = _digest(actor, path, key, request)
    mine = IdempotentAnswer(
        person=actor, path=path, key=key, body_digest=digest, created_at=clock.now()
    )
    with transaction.atomic():
        if insert_unless_there(mine):
            with numbered_last():
                answer = effect()
                mine.status = answer.status
                mine.body = json.dumps(answer.body)
                store(mine, "status", "body")
            return answer
    return _kept_answer(actor, path, key, digest)


def _digest(actor: Person, path: str, key: str, request: Any) -> str:
    """Keyed, and of no use beside another row: a short body could be guessed from a copy of the database.

    Under another secret key nothing matches any more: a repeated request is refused, and never done again.
    """
    said = json.dumps([actor.pk, path, key, request], sort_keys=True)
    return salted_hmac("clinic.idempotency", said, algorithm="sha256").hexdigest()


def _kept_answer(actor: Person, path: str, key: str, digest: str) -> Answer:
    kept = IdempotentAnswer.objects.get(person=actor, path=path, key=key)
    if kept.body_digest != digest:
        raise IdempotencyKeyReused
    return Answer(kept.status, json.loads(kept.body))
