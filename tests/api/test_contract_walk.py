"""The HTTP contract, call by call, as a newcomer's script meets it: one web process, real HTTP."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from clinic import clock
from tests import world
from tests.api.document import PROBLEM, check_answer, document, template_of
from tests.api.walk import ABSENT, WALK, Step
from tests.servers.web import Web
from workers.messages import send_due

OUTSIDE_THE_DOCUMENT: Final = {
    "GET /api/schema/", "GET /api/docs/", "GET /livez", "GET /readyz", "GET /metrics", "GET /api/no/such/address/",
}  # fmt: skip
LIST_MEMBERS: Final = {"count", "next", "previous"}


class Walker:
    """Takes the steps, remembers what answers gave, and asks of every answer what holds for all of them."""

    def __init__(self, client: httpx.Client, mails: list[Any]) -> None:
        self.client = client
        self.messages = mails
        self.known: dict[str, Any] = {}
        self.walked: set[str] = set()

    def take(self, step: Step) -> None:
        if step.mail:
            send_due()
            self.remember(step.mail)
        method, path = self.filled(step.call).split()
        response = self.send(step, method, path)
        said = f"{step.who}: {method} {path}: {response.status_code} {response.text[:600]}"
        assert response.status_code == step.status, said
        template = template_of(urlsplit(path).path)
        self.walked.add(f"{method} {template or urlsplit(path).path}")
        check_answer(method, urlsplit(path).path, response)  # type: ignore[arg-type]
        is_json = "json" in response.headers.get("Content-Type", "")
        body = response.json() if response.content and is_json else None
        if step.code:
            check_refusal(response, body, step.code)
        self.compare(step, body, said)
        if response.is_success:
            self.check_version(method, response, body)
            if isinstance(body, dict) and body.keys() >= LIST_MEMBERS:
                self.check_pages(step, path, body)
        for name, where in step.keep.items():
            self.known[name] = at(body, where)

    def send(self, step: Step, method: str, path: str) -> httpx.Response:
        headers = {**step.headers, **self.bearer(step.who)}
        body = self.filled(step.body)
        if (
            method != "POST"
            or step.who == "nobody"
            or path.startswith(("/api/auth/", "/api/token/"))
        ):
            return self.client.request(method, path, json=body, headers=headers)
        key = f"walk-{len(self.known)}-{WALK.index(step)}"
        first, again, other = (
            self.client.post(path, json=sent, headers={**headers, "Idempotency-Key": key})
            for sent in (body, body, {**(body or {}), "other": 1})
        )
        assert (again.status_code, without_id(again)) == (first.status_code, without_id(first)), (
            path
        )
        if first.is_success:
            assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused"), (
                path
            )
        return first

    def bearer(self, who: str) -> dict[str, str]:
        return {} if who == "nobody" else {"Authorization": f"Bearer {self.known[f'{who}_token']}"}

    def compare(self, step: Step, body: Any, said: str) -> None:
        for where, members in step.has.items():
            missing = set(members.split()) - at(body, where).keys()
            assert not missing, f"{where or 'the answer'} lacks {missing}: {said}"
        for where, members in step.lacks.items():
            shown = set(members.split()) & at(body, where).keys()
            assert not shown, f"{where or 'the answer'} shows {shown}: {said}"
        for where, value in step.says.items():
            assert at(body, where) == self.filled(value), f"{where}: {said}"

    def check_version(self, method: str, response: httpx.Response, body: Any) -> None:
        """What has a version carries it as an ETag; of a comment nothing else says it."""
        if isinstance(body, dict) and "comment" in body and method != "POST":
            assert "ETag" in response.headers, response.request.url
        for noun in ("appointment", "record", "annotation"):
            shown = body.get(noun) if isinstance(body, dict) else None
            if isinstance(shown, dict):
                tag = response.headers.get("ETag")
                assert tag == f'"{shown["version"]}"', f"{response.request.url}: ETag {tag}"

    def check_pages(self, step: Step, path: str, body: Any) -> None:
        headers, joint = self.bearer(step.who), "&" if "?" in path else "?"
        [plural] = [name for name in body if isinstance(body[name], list)]
        page = self.client.get(f"{path}{joint}limit=1", headers=headers).json()
        assert page[plural] == body[plural][:1]
        assert (page["count"], page["previous"]) == (body["count"], None)
        assert bool(page["next"]) == (body["count"] > 1)
        if page["next"]:
            following = self.client.get(page["next"], headers=headers).json()
            assert following[plural] == body[plural][1:2]
            assert (
                self.client.get(following["previous"], headers=headers).json()[plural]
                == page[plural]
            )
        refused = self.client.get(f"{path}{joint}limit=101", headers=headers)
        check_refusal(refused, refused.json(), "invalid")

    def filled(self, value: Any) -> Any:
        """With what is known put in: "{name}" alone becomes the value itself, not its text."""
        if isinstance(value, str):
            alone = re.fullmatch(r"\{(\w+)\}", value)
            if alone:
                return self.known[alone[1]]
            return re.sub(r"\{(\w+)\}", lambda found: str(self.known[found[1]]), value)
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list) else value

    def remember(self, address: str) -> None:
        """What the last link in the last mail to this address carries, and the link that stops such mails."""
        mail = next(m for m in reversed(self.messages) if m.to[0].lower() == address)
        self.known["link"] = re.findall(r"#(?:token=)?([\w.:~-]+)", mail.body)[-1]
        stop = re.search(r"/unsubscribe/(.+)/>", mail.extra_headers.get("List-Unsubscribe", ""))
        self.known["letter"] = stop and stop[1]


def at(body: Any, where: str) -> Any:
    for step in where.split(".") if where else ():
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def without_id(response: httpx.Response) -> Any:
    body = json.loads(response.content) if response.content else None
    return {**body, "request_id": ""} if isinstance(body, dict) else body


def check_refusal(response: httpx.Response, body: Any, code: str) -> None:
    assert response.headers["Content-Type"].partition(";")[0] == PROBLEM
    assert (body["code"], body["status"]) == (code, response.status_code), body
    assert {"type", "title", "detail", "request_id"} <= body.keys()
    if code == "invalid":
        assert all(error.keys() == {"field", "code", "detail"} for error in body["errors"])


@pytest.fixture
def client(web: Web) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web.base_url, timeout=30, trust_env=False) as client:
        yield client


def test_every_call_of_the_contract_answers_as_it_says(
    client: httpx.Client, mailoutbox: list[Any]
) -> None:
    walker = Walker(client, mailoutbox)
    walker.known["day"] = (clock.now().astimezone(UTC) + timedelta(days=3)).date().isoformat()
    admin = world.an_admin("root")
    walker.known["admin_token"] = walker.client.post(
        "/api/auth/login/", json={"username": admin.username, "password": world.PASSWORD}
    ).json()["access"]

    for step in WALK:
        if "{other_session}" in step.call and "other_session" not in walker.known:
            walker.known["other_session"] = another_session(walker)
        walker.take(step)

    check_absent(walker)
    documented = {
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
    }
    promised = documented | OUTSIDE_THE_DOCUMENT
    assert walker.walked == promised, f"without a step: {promised - walker.walked}"


def another_session(walker: Walker) -> int:
    """One that is neither the walker's own nor its phone's."""
    shown = walker.client.get("/api/auth/sessions/", headers=walker.bearer("ana")).json()
    theirs = walker.client.get("/api/auth/sessions/", headers=walker.bearer("phone")).json()
    phone = {each["id"] for each in theirs["sessions"] if each["current"]}
    return next(
        each["id"] for each in shown["sessions"] if not each["current"] and each["id"] not in phone
    )


def check_absent(walker: Walker) -> None:
    """Fails for what is built: it needs a step of its own then."""
    for line in ABSENT.strip().splitlines():
        method, path = walker.filled(line).split()
        for who in ("ana", "dora", "admin"):
            response = walker.client.request(method, path, headers=walker.bearer(who))
            built = f"{method} {path} answers {response.status_code}: move it from ABSENT into WALK"
            assert response.status_code == 404, built


def test_a_walk_that_meets_something_else_fails() -> None:
    walker = Walker(httpx.Client(), [])
    step = Step("nobody", "GET /livez", has={"": "status"}, lacks={"a": "b"}, says={"a.c": 1})

    walker.compare(step, {"status": 1, "a": {"c": 1}}, "")
    for other in (
        {"a": {"c": 1}},
        {"status": 1, "a": {"b": 0, "c": 1}},
        {"status": 1, "a": {"c": 2}},
    ):
        with pytest.raises(AssertionError):
            walker.compare(step, other, "")
