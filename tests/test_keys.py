"""The keys of an installation: made once, refused when weak, never overwritten."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from clinic.keys import KEY_BYTES, KeysMissing, load_keys, main, make_keys

pytestmark = pytest.mark.engine("sqlite")

GOOD_KEY = base64.b64encode(bytes(range(KEY_BYTES))).decode()


def written(path: Path, **changes: Any) -> Path:
    content: dict[str, Any] = {
        "secret_key": "s" * 40,
        "jwt_key": "j" * 40,
        "data_keys": {"primary": "k1", "keys": {"k1": GOOD_KEY}},
    }
    path.write_text(json.dumps({**content, **changes}))
    return path


def test_what_is_made_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    make_keys(path)

    keys = load_keys(path)

    assert len(keys.data.keys[keys.data.primary]) == KEY_BYTES
    assert keys.secret_key != keys.jwt_key


def test_two_installations_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_keys(tmp_path / name)
    one, two = (load_keys(tmp_path / name) for name in ("one", "two"))

    assert one.secret_key != two.secret_key
    assert one.jwt_key != two.jwt_key
    assert one.data.keys["k1"] != two.data.keys["k1"]


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    make_keys(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_existing_keys_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    make_keys(path)
    before = path.read_bytes()

    with pytest.raises(FileExistsError):
        make_keys(path)
    assert path.read_bytes() == before


def test_the_command_makes_keys_and_says_to_back_them_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLINIC_KEYS_FILE", str(tmp_path / "keys.json"))

    main()
    said = capsys.readouterr().out
    before = (tmp_path / "keys.json").read_bytes()
    main()

    assert "Back this file up" in said
    assert capsys.readouterr().out == ""
    assert (tmp_path / "keys.json").read_bytes() == before


def test_the_command_says_so_when_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLINIC_KEYS_FILE", str(tmp_path / "file" / "keys.json"))

    with pytest.raises(SystemExit, match="cannot be written"):
        main()


@pytest.mark.parametrize(
    "changes",
    [
        {"secret_key": "s" * 39},
        {"jwt_key": "j" * 39},
        {"secret_key": ""},
        {"secret_key": "change-me-" * 5},
        {"jwt_key": "CHANGE this key before you start the service"},
        {"secret_key": None},
        {"data_keys": None},
        {"data_keys": {}},
        {"data_keys": {"primary": "k2", "keys": {"k1": GOOD_KEY}}},
        {"data_keys": {"primary": "k1", "keys": {}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": GOOD_KEY[:-4]}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": GOOD_KEY + "AAAA"}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": "not base64 at all"}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": 7}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": base64.b64encode(bytes(32)).decode()}}},
        {"data_keys": {"primary": "k1", "keys": {"k1": GOOD_KEY, "old": "AAAA"}}},
    ],
)
def test_weak_and_malformed_keys_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(KeysMissing):
        load_keys(written(tmp_path / "keys.json", **changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"keys"', "null", "\0", '{"secret_key": []}'])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(KeysMissing, match=str(path)):
        load_keys(path)


def test_a_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="make_keys"):
        load_keys(tmp_path / "none.json")
    with pytest.raises(KeysMissing):
        load_keys(tmp_path)


def test_a_refusal_never_quotes_a_key(tmp_path: Path) -> None:
    secret = "short-but-secret"

    with pytest.raises(KeysMissing) as refused:
        load_keys(written(tmp_path / "keys.json", jwt_key=secret))

    assert secret not in str(refused.value)
