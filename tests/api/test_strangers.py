"""Schemathesis on the API's document, in every role: nothing breaks, nothing is answered that is not promised."""

from collections import Counter
from typing import Any

import pytest
from jsonschema import ValidationError
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup

from tests.api import strangers
from tests.api.strangers import Stage, in_process, is_whole, meet, operations
from tests.servers.fixtures import StartWeb

POLL = "/api/events/"


@pytest.fixture
def no_limits(settings: Any) -> None:
    for name in ("PERSON", "STRANGERS", "SIGN_IN", "SIGN_IN_ACCOUNT", "SIGN_IN_NETWORK"):
        setattr(settings, f"LIMIT_{name}", None)
    settings.LIMIT_REGISTER = settings.LIMIT_REFRESH = settings.LIMIT_PASSWORD_RESET = None


@pytest.mark.django_db
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(2, marks=pytest.mark.engine("sqlite")),
        pytest.param(50, marks=pytest.mark.proof),
    ],
)
def test_everybody_gets_what_the_document_promises(no_limits: None, examples: int) -> None:
    stage, answers = Stage(), Counter[int]()

    # The long poll is answered before Django: it is met over real HTTP, below.
    for operation in operations():
        if operation.path != POLL:
            answers += meet(operation, stage, in_process, examples=examples, seed=7)

    print(f"{answers.total()} answers, by status: {dict(sorted(answers.items()))}")
    assert is_whole()
    assert answers.keys() >= {200, 204, 400, 401, 403, 404}


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_so_does_whoever_polls(start_web: StartWeb) -> None:
    web = start_web(env={"CLINIC_LIMIT_PERSON": "off", "CLINIC_LIMIT_STRANGERS": "off"})
    [poll] = [each for each in operations() if each.path == POLL]

    def send(case: Any, token: str | None) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if isinstance(case.query, dict):
            case.query.pop("wait", None)
        return case.call(base_url=web.base_url, headers=headers)

    answers = meet(poll, Stage(), send, examples=200, seed=7)

    print(f"{answers.total()} answers, by status: {dict(sorted(answers.items()))}")
    assert answers.keys() >= {200, 400, 401, 404}


@pytest.mark.django_db
@pytest.mark.engine("sqlite")
def test_an_answer_that_is_not_promised_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    [inbox] = [each for each in operations() if each.path == "/api/notifications/read/"]

    def send(case: Any, token: str | None) -> Any:
        answer = in_process(case, token)
        answer.status_code, answer.content = 200, b'{"unread": "three"}'
        answer.headers["content-type"] = ["application/json"]
        return answer

    stage = Stage()
    with pytest.raises(FailureGroup, match=r"Response violates schema"):
        meet(inbox, stage, send, examples=1, seed=7)
    monkeypatch.setattr(strangers, "CHECKS", [not_a_server_error])
    with pytest.raises(ValidationError, match="is not of type 'integer'"):
        meet(inbox, stage, send, examples=1, seed=7)
