"""The contract of the socket: an AsyncAPI document that is valid, complete, and refuses what is not in it."""

import ast
import copy
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from clinic.events import CATALOGUE
from realtime import closing, consumer, frames, refusals
from realtime.contract import document
from tests.contract import Frame, an_event, check_received, check_sent
from tests.references import follow_all

pytestmark = pytest.mark.engine("sqlite")

# The AsyncAPI Initiative's own schema, with its licence beside it: 3.1.0 of the package @asyncapi/specs 6.11.1.
OFFICIAL = validator_for(
    json.loads((Path(__file__).parent / "asyncapi" / "3.1.0.json").read_text())
)
SOCKET = document()["channels"]["socket"]
MESSAGES = document()["components"]["messages"]


def messages_of(action: str) -> set[str]:
    return {
        reference["$ref"].rpartition("/")[2]
        for operation in document()["operations"].values()
        if operation["action"] == action
        for reference in operation.get("messages", ())
    }


# -- valid ------------------------------------------------------------------------------------------------


def test_it_is_valid_by_the_official_schema() -> None:
    assert [error.message for error in OFFICIAL.iter_errors(document())] == []


@pytest.mark.parametrize(
    "broken",
    [
        lambda made: made["info"].pop("title"),
        lambda made: made["operations"]["watch"].pop("action"),
        lambda made: made["operations"]["watch"].update(reply={"channels": {}}),
        lambda made: made["channels"]["socket"]["bindings"]["ws"].update(method="SHOUT"),
        lambda made: made["components"]["schemas"]["Watch"].update(type="thing"),
        lambda made: made["components"]["messages"]["watch"].update(examples={"payload": 1}),
    ],
    ids=["no title", "no action", "odd reply", "odd method", "odd type", "odd examples"],
)
def test_a_document_that_is_broken_is_refused(broken: Callable[[Any], Any]) -> None:
    made = copy.deepcopy(document())
    broken(made)

    assert not OFFICIAL.is_valid(made)


def test_every_reference_in_it_leads_somewhere() -> None:
    follow_all(document())


@pytest.mark.parametrize("name", MESSAGES)
def test_the_examples_of_every_message_are_what_it_says(name: str) -> None:
    examples = MESSAGES[name]["examples"]
    assert examples
    for example in examples:
        if name in messages_of("receive"):
            check_sent(example["payload"])
        else:
            check_received(example["payload"])


# -- complete ---------------------------------------------------------------------------------------------


def test_every_command_that_the_socket_answers_is_in_it() -> None:
    answered = set(re.findall(r"case frames\.(\w+)\(\)", inspect.getsource(consumer)))
    known = {MESSAGES[name]["title"] for name in messages_of("receive")}

    assert answered | {"Ack"} == known
    assert known == {command.__name__ for command in frames._Command.__subclasses__()}
    for name, operation in document()["operations"].items():
        if operation["action"] == "receive":
            assert ("reply" in operation) is (name != "ack")


def test_every_frame_that_a_server_has_is_in_it() -> None:
    models = {frame.__name__ for frame in frames._ServerFrame.__subclasses__()}
    titles = {MESSAGES[name]["title"] for name in SOCKET["messages"]}

    assert models - {"EventFrame"} == titles - {
        command.__name__ for command in frames._Command.__subclasses__()
    }


def test_every_event_of_the_catalogue_is_in_it_and_no_others() -> None:
    told = {
        kind
        for name, channel in document()["channels"].items()
        if name != "socket"
        for kind in channel["messages"]
    }

    assert told == set(CATALOGUE)


def test_every_close_code_is_in_it() -> None:
    said = {(why["status"], why["code"]) for why in SOCKET["x-close-codes"]}
    codes = document()["components"]["schemas"]["Goodbye"]["properties"]["code"]["enum"]

    assert len(said) >= 10
    assert said == {tuple(made[:2]) for made in made_in(closing, "Closing")}
    assert {code for _, code in said} == set(codes)


def test_every_error_code_is_in_it() -> None:
    said = {why["code"] for why in SOCKET["x-error-codes"]}
    codes = document()["components"]["schemas"]["Error"]["properties"]["code"]["enum"]

    assert said == set(codes) == {why.code for why in refusals.REFUSALS}
    assert len(SOCKET["x-error-codes"]) == len(list(made_in(refusals, "Refusal")))


@pytest.mark.parametrize("kind", ["Closing", "Refusal", "Goodbye", "Failed"])
def test_reasons_are_made_in_one_place_only(kind: str) -> None:
    folder = Path(inspect.getfile(consumer)).parent
    makers = {
        path.stem for path in folder.glob("*.py") if re.search(rf"\b{kind}\(", path.read_text())
    }

    # The server's own refusals are of HTTP requests.
    assert makers - {"frames", "examples", "server"} <= {"closing", "refusals"}


def made_in(module: Any, kind: str) -> Iterator[list[Any]]:
    """What every such call in a module is given, where that is written out."""
    for call in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == kind:
            yield [getattr(argument, "value", None) for argument in call.args]


def test_every_limit_that_the_server_tells_is_in_it() -> None:
    listed = {limit["name"]: limit["value"] for limit in SOCKET["x-limits"]}
    told = MESSAGES["welcome"]["examples"][0]["payload"]["limits"]

    assert told.items() <= listed.items()
    assert all(limit["description"] for limit in SOCKET["x-limits"])


# -- what the tests hold every frame against ---------------------------------------------------------------

BOOKED = an_event("calendar.5", 42)


@pytest.mark.parametrize(
    "frame",
    [
        {"op": "gossip"},
        {"seq": 1},
        {**BOOKED, "secret": 1},
        {**BOOKED, "cause": "key"},
        {**BOOKED, "topic": "desk"},
        {**BOOKED, "topic": "slots.5"},
        {**BOOKED, "topic": "calendar.05"},
        {**BOOKED, "type": "appointment.forgotten"},
        {**BOOKED, "seq": 0},
        {**BOOKED, "id": "42"},
        {**BOOKED, "at": "yesterday"},
        {**BOOKED, "data": {**BOOKED["data"], "notes": None}},
        {**an_event("slots.5", 1, "slot.taken"), "actor": {"id": 9, "name": "Ana Lima"}},
        {"re": 1, "ok": True, "secret": 1},
        {"re": 1, "ok": False, "error": {"code": "odd", "message": "", "retryable": False}},
        {"op": "error", "code": "odd", "message": "", "reconnect": "no"},
        {"op": "hb", "heads": {"desk": 1}, "time": None},
    ],
    ids=lambda frame: json.dumps(frame)[-40:],
)
def test_what_no_server_says_is_refused(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_received(frame)


@pytest.mark.parametrize(
    "frame",
    [{"op": "dance", "id": 1}, {"op": "ping"}, {"op": "watch", "id": 1}, {"op": "ping", "id": -1}],
    ids=str,
)
def test_what_no_client_may_say_is_refused(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_sent(frame)


def test_a_reply_is_held_against_its_command() -> None:
    [reply] = [example["payload"] for example in MESSAGES["done"]["examples"]]

    check_received(reply, answers="ping")
    with pytest.raises(ValueError, match="not valid"):
        check_received(reply, answers="watch")
