"""Backups: one folder each, with the database and a manifest of what must be in it. Never the keys."""

import base64
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from pydantic import BaseModel, ConfigDict, ValidationError

from clinic import VERSION, clock
from clinic.crypto import DecryptionError, decrypt
from clinic.management.dumps import Dump, DumpFailed, Read, dump_of_this_engine, sync
from clinic.models.encrypted import EncryptedTextField, binding

MANIFEST: Final = "manifest.json"
UNFINISHED: Final = ".unfinished"
ENGINES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
CHUNK_BYTES: Final = 1024 * 1024


class BackupRefused(Exception):
    """Why there is no backup, or why it is not restored: one sentence for the person at the terminal."""


class Sample(BaseModel):
    """One sealed value as it is stored: whoever can open these has the keys of this backup."""

    table: str
    column: str
    seal: uuid.UUID
    sealed: str

    def opens(self) -> bool:
        try:
            stored = base64.b64decode(self.sealed)
            decrypt(stored, bound_to=binding(self.table, self.column, self.seal))
        except DecryptionError:
            return False
        return True


class Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    made_at: datetime
    version: str
    engine: Literal["sqlite", "postgresql"]
    sha256: str
    bytes: int
    migrations: list[str]
    epoch: uuid.UUID | None
    rows: dict[str, int]
    samples: list[Sample]


# -- writing ------------------------------------------------------------------------------------------


def default_folder() -> Path:
    return Path(settings.DATA_DIR) / "backups"


@dataclass(frozen=True, slots=True)
class Backup:
    folder: Path
    unreadable: list[str]
    """Columns with health content that the clinic's own keys did not open when it was made."""


def write_backup(into: Path) -> Backup:
    """A new folder in `into`, complete and read back before it has its name. Raises BackupRefused."""
    refuse_keys_beside(into)
    dump = dump_of_this_engine()
    with private_files(), failing_as_refusal():
        into.mkdir(parents=True, exist_ok=True)
        place = free_name(into, f"clinic-{stamp()}")
        unfinished = place.with_name(f"{place.name}{UNFINISHED}")
        unfinished.mkdir()
        try:
            manifest, unreadable = _write(dump, unfinished)
            verify(dump, unfinished, manifest)
            sync(unfinished)
            unfinished.rename(place)
            sync(into)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return Backup(place, unreadable)


def _write(dump: Dump, folder: Path) -> tuple[Manifest, list[str]]:
    seen: dict[str, Any] = {}
    samples: list[Sample] = []

    def look(read: Read) -> None:
        seen.update(
            migrations=sorted(".".join(row) for row in read("SELECT app, name FROM django_migrations")),
            epoch=_epoch(read),
        )  # fmt: skip
        samples.extend(_samples(read))

    target = folder / dump.file_name
    dump.write(target, look)
    sync(target)
    # A value that was tampered with must not keep anybody from backing up, or from restoring.
    readable = [sample for sample in samples if sample.opens()]
    manifest = Manifest(
        made_at=clock.now(),
        version=VERSION,
        engine="sqlite" if connection.vendor == "sqlite" else "postgresql",
        sha256=digest(target),
        bytes=target.stat().st_size,
        rows=dump.rows_in(target),
        samples=readable or samples,
        **seen,
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
    sync(folder / MANIFEST)
    closed = [one for one in samples if one not in readable]
    return manifest, sorted({f"{one.table}.{one.column}" for one in closed})


def _epoch(read: Read) -> uuid.UUID | None:
    found = read("SELECT value FROM clinic_epoch")
    return uuid.UUID(str(found[0][0])) if found else None


def _samples(read: Read) -> Iterator[Sample]:
    """The oldest and the newest value of each sealed column: while keys change, one of each key.

    By the columns there are, which may be those of an earlier version.
    """
    for model, field in sealed_columns():
        table, key = model._meta.db_table, model._meta.pk.column
        if not {field.column, "seal"} <= _columns(read, table):
            continue
        for order in ("ASC", "DESC"):
            query = (
                f'SELECT seal, "{field.column}" FROM "{table}" '  # noqa: S608  (the model's own names)
                f'WHERE "{field.column}" IS NOT NULL ORDER BY "{key}" {order} LIMIT 1'
            )
            for seal, sealed in read(query):
                if isinstance(sealed, str):
                    continue  # an earlier version kept it as plain text
                yield Sample(
                    table=table,
                    column=str(field.column),
                    seal=uuid.UUID(str(seal)),
                    sealed=base64.b64encode(bytes(sealed)).decode(),
                )


def sealed_columns() -> Iterator[tuple[type[models.Model], "models.Field[Any, Any]"]]:
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def _columns(read: Read, table: str) -> set[str]:
    query = (
        f"SELECT name FROM pragma_table_info('{table}')"  # noqa: S608  (the model's own name)
        if connection.vendor == "sqlite"
        else "SELECT column_name FROM information_schema.columns "  # noqa: S608
        f"WHERE table_schema = 'public' AND table_name = '{table}'"
    )
    return {name for (name,) in read(query)}


# -- reading ------------------------------------------------------------------------------------------


def read_manifest(folder: Path) -> Manifest:
    """Raises BackupRefused for what is no finished backup of this engine and of a version known here."""
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError:
        raise BackupRefused(f"{folder} is no backup: it has no {MANIFEST}.") from None
    except ValidationError:
        raise BackupRefused(f"{folder / MANIFEST} is no manifest of this version.") from None
    if folder.name.endswith(UNFINISHED):
        raise BackupRefused(f"{folder} is a backup that was never finished.")
    if manifest.engine != connection.vendor:
        raise BackupRefused(
            f"This backup is of {ENGINES[manifest.engine]}, and this clinic runs on "
            f"{ENGINES[connection.vendor]}: set DATABASE_URL."
        )
    unknown = sorted(set(manifest.migrations) - known_migrations())
    if unknown:
        raise BackupRefused(
            f"This backup was made by another version ({manifest.version}) whose {unknown[0]} is not "
            "known here: restore it with that version."
        )
    return manifest


def known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    replaced = {key for one in loader.disk_migrations.values() for key in one.replaces}
    return {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}


def verify(dump: Dump, folder: Path, manifest: Manifest) -> None:
    """Everything is there as it was written."""
    source = folder / dump.file_name
    if not source.is_file():
        raise BackupRefused(f"{folder} has no {dump.file_name}.")
    if digest(source) != manifest.sha256:
        raise BackupRefused(f"{source} is not what was backed up: its checksum is another one.")
    with failing_as_refusal():
        rows = dump.rows_in(source)
    if rows != manifest.rows:
        names = sorted(rows.items() ^ manifest.rows.items())
        raise BackupRefused(f"{source} has other rows than its manifest says, in {names[0][0]}.")


def check_keys(manifest: Manifest) -> None:
    """The keys of this clinic open what the clinic's keys opened when the backup was made."""
    closed = next((sample for sample in manifest.samples if not sample.opens()), None)
    if closed is not None:
        raise BackupRefused(
            f"The keys of this clinic ({settings.KEYS_FILE}) do not open this backup's health content "
            f"({closed.table}.{closed.column}): put back the keys that belong to it first."
        )


def digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


# -- putting back -------------------------------------------------------------------------------------


def after_restore() -> list[str]:
    """What must be said with the rows, in their own transaction.

    A tail may be missing: numbers of before mean nothing any more, so that every client loads anew. And
    whoever signed out after the backup was made is signed out: nobody's session is revived.
    """
    epoch, now = uuid.uuid4(), clock.now().strftime("%Y-%m-%d %H:%M:%S")
    value = epoch.hex if connection.vendor == "sqlite" else str(epoch)
    zone = "" if connection.vendor == "sqlite" else "+00"
    schema = "" if connection.vendor == "sqlite" else "public."
    return [
        f"UPDATE {schema}clinic_epoch SET value = '{value}'",  # noqa: S608  (nothing of anybody else's)
        f"UPDATE {schema}clinic_session SET ended_at = '{now}{zone}' WHERE ended_at IS NULL",  # noqa: S608
        f"DELETE FROM {schema}django_session",  # noqa: S608
    ]


def restore_backup(folder: Path, *, force: bool) -> str:
    """Put a backup in place of an empty database, or with `force` of any.

    Returns what became of what was there, as a sentence, or nothing. Raises BackupRefused.
    """
    dump = dump_of_this_engine()
    manifest = read_manifest(folder)
    verify(dump, folder, manifest)
    check_keys(manifest)
    with private_files(), failing_as_refusal(), dump.nobody_else():
        empty = dump.is_empty()
        if not (empty or force):
            raise BackupRefused(
                "This database is not empty: FORCE=1 replaces it with the backup, and keeps what is there."
            )
        kept = ""
        if not empty and connection.vendor == "postgresql":
            kept = f"What was there is now {write_backup(default_folder()).folder}."
        return dump.replace(folder / dump.file_name, after_restore(), stamp=stamp()) or kept


# -- the keys -----------------------------------------------------------------------------------------


def copy_keys(to: Path) -> Path:
    """A copy of the keys in a folder where there is neither data nor a backup. Raises BackupRefused."""
    keys = Path(settings.KEYS_FILE)
    if to.resolve().is_relative_to(Path(settings.DATA_DIR).resolve()) or holds_backups(to):
        raise BackupRefused(
            f"{to} is where the data or its backups are: keys beside them protect nothing, "
            "so choose another place."
        )
    copy = to / "clinic-keys.json"
    with private_files(), failing_as_refusal():
        to.mkdir(parents=True, exist_ok=True)
        if copy.exists() and copy.read_bytes() != keys.read_bytes():
            copy = free_name(to, f"clinic-keys-{stamp()}.json")
        if not copy.exists():
            shutil.copyfile(keys, copy)
            sync(copy)
        if digest(copy) != digest(keys):
            raise BackupRefused(f"{copy} is not what was written to it.")
    return copy


def refuse_keys_beside(folder: Path) -> None:
    if any(folder.glob("*keys*.json")):
        raise BackupRefused(
            f"There are keys in {folder}: a backup beside its keys protects nothing, so choose another place."
        )


def holds_backups(folder: Path) -> bool:
    return any(folder.glob(f"**/{MANIFEST}"))


# -- files --------------------------------------------------------------------------------------------


def stamp() -> str:
    return clock.now().strftime("%Y%m%dT%H%M%SZ")


def free_name(folder: Path, name: str) -> Path:
    """This name, or the first of its numbered variants that nothing has."""
    stem, dot, ending = name.partition(".")
    names: Sequence[str] = [name, *(f"{stem}-{number}{dot}{ending}" for number in range(2, 1000))]
    for one in names:
        if not any((folder / other).exists() for other in (one, f"{one}{UNFINISHED}")):
            return folder / one
    raise BackupRefused(f"{folder} has a thousand backups of this very second.")


@contextmanager
def private_files() -> Iterator[None]:
    """Files are 0600 and folders 0700 from their first moment on."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def failing_as_refusal() -> Iterator[None]:
    try:
        yield
    except DumpFailed as error:
        raise BackupRefused(str(error)) from error
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise BackupRefused(f"It could not be written: {error.strerror}{place}.") from error
