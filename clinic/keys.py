"""The secrets of one installation: made once, read from a file or from the environment."""

import base64
import json
import os
import secrets
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environ import Env

KEY_BYTES = 32
MIN_SECRET_CHARS = 40


class KeysMissing(Exception):
    """There are no keys yet, or what is there cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class DataKeys:
    """Keys for health content at rest: several may decrypt, the primary one encrypts."""

    primary: str
    keys: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Keys:
    secret_key: str
    jwt_key: str
    data: DataKeys


def load_keys(path: Path) -> Keys:
    """Read the keys file: `{"secret_key", "jwt_key", "data_keys": {"primary", "keys": {id: base64}}}`.

    Raises `KeysMissing` when the file is absent, malformed, or holds a short or sample key:
    a service that starts with a wrong key would write what nobody can read back.
    """
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        raise KeysMissing(
            f"there are no keys at {path}: run `python manage.py make_keys`"
        ) from None
    except (OSError, ValueError) as error:
        raise KeysMissing(f"the keys at {path} cannot be read: {error}") from None
    try:
        return parse_keys(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise KeysMissing(f"the keys at {path} are not usable: {error}") from None


def parse_keys(raw: dict[str, Any]) -> Keys:
    for name in ("secret_key", "jwt_key"):
        if len(raw[name]) < MIN_SECRET_CHARS or "change" in raw[name].lower():
            raise ValueError(f"{name} is too short or a sample")
    ring = {
        key_id: base64.b64decode(value, validate=True)
        for key_id, value in raw["data_keys"]["keys"].items()
    }
    for key_id, key in ring.items():
        if len(key) != KEY_BYTES or len(set(key)) < 8:
            raise ValueError(f"data key {key_id} is not {KEY_BYTES} random bytes")
    primary = raw["data_keys"]["primary"]
    if primary not in ring:
        raise ValueError(f"the primary data key {primary} is not among the keys")
    return Keys(raw["secret_key"], raw["jwt_key"], DataKeys(primary, ring))


def make_keys(path: Path) -> None:
    """Write a new keys file, readable by its owner alone. Never overwrites: raises FileExistsError."""
    content = {
        "secret_key": secrets.token_urlsafe(48),
        "jwt_key": secrets.token_urlsafe(48),
        "data_keys": {
            "primary": "k1",
            "keys": {"k1": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()},
        },
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner_only = stat.S_IRUSR | stat.S_IWUSR
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, owner_only)
    with os.fdopen(file, "w") as handle:
        json.dump(content, handle, indent=2)


def env_file() -> Path:
    """The settings of this installation, for what the environment does not say: `CLINIC_ENV_FILE`."""
    default = Path(__file__).resolve().parent.parent / ".local.env"
    return Path(os.environ.get("CLINIC_ENV_FILE") or default)


def keys_file(data_dir: Path) -> Path:
    """Where this installation keeps its keys: `CLINIC_KEYS_FILE`, else beside the data."""
    return Path(os.environ.get("CLINIC_KEYS_FILE") or data_dir / "keys.json")


def data_folder() -> Path:
    """The folder of everything this installation writes: `CLINIC_DATA_DIR`, else `var/` in the project."""
    default = Path(__file__).resolve().parent.parent / "var"
    return Path(os.environ.get("CLINIC_DATA_DIR") or default).resolve()


def make_keys_of_new_clinic() -> None:
    """Where there is nothing yet, nothing can be lost: the first `migrate` of an embedded clinic makes its keys.

    Anywhere else absent keys are a mistake that new ones would make worse.
    """
    Env.read_env(env_file())
    data = data_folder()
    is_told = os.environ.get("DATABASE_URL") or os.environ.get("CLINIC_KEYS_FILE")
    if not is_told and not any((data / name).exists() for name in ("clinic.sqlite3", "keys.json")):
        main()


def main() -> None:
    """Make the keys of this installation unless it has some."""
    Env.read_env(env_file())
    path = keys_file(data_folder())
    try:
        make_keys(path)
    except OSError as error:
        if path.is_file():
            return
        raise SystemExit(f"The keys cannot be written to {path}: {error.strerror}.") from None
    sys.stdout.write(
        f"New keys written to {path}. Back this file up apart from the database: "
        "without it, nobody can read the clinic's health content again.\n"
    )
