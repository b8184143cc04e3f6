"""Backup and restore as an operator does them: real commands, real databases, real processes in the way."""

import json
import shutil
import stat
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from clinic.keys import DataKeys, load_keys, make_keys
from clinic.management import dumps
from clinic.management.backups import (
    BackupRefused,
    check_keys,
    copy_keys,
    read_manifest,
    verify,
    write_backup,
)
from clinic.management.dumps import DumpFailed, dump_of_this_engine, program
from tests.operations.installation import ROOT, Install, Installation
from tests.servers.process import wait_until
from tests.servers.web import Web

NOTES: Final = "Sleeps badly since the marker-7731 storm"
A_CLINIC: Final = f"""
from tests import world
from clinic.models import Appointment
from clinic.queries.journal import epoch
doctor, patient = world.a_doctor("house"), world.a_patient("ana")
starts = world.next_free_starts(doctor, 3)
for start in starts[:2]:
    visit = world.book(doctor, patient, start)
visit.notes = {NOTES!r}
visit.save()
world.tokens(patient)
epoch()
"""
READ_NOTES: Final = """
from clinic.models import Appointment
print(Appointment.objects.latest("id").notes)
"""
# Until it is killed: one event after the other, each with its head and its entries in one transaction.
WRITER: Final = """
import django; django.setup()
from tests.realtime.stage import move
while True:
    move(1)
"""
# A connection that stays open, as a Celery worker has one.
HOLDER: Final = """
import time, django; django.setup()
from clinic.models import Person
Person.objects.count()
print("here", flush=True)
time.sleep(60)
"""
# They say what a restore does on purpose; everything else comes back as it was.
CHANGED: Final = {"clinic_epoch", "clinic_session", "django_session"}


@pytest.fixture(scope="module")
def clinic(install: Install) -> Installation:
    """A clinic with two visits, their events, and a patient who is signed in. Nobody changes it."""
    made = install(migrated=True)
    made.python(A_CLINIC)
    return made


@pytest.fixture(scope="module")
def backup(clinic: Installation) -> Path:
    return clinic.backup()


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    """The backup, to be spoiled."""
    return Path(shutil.copytree(backup, tmp_path / backup.name))


def manifest_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return found


def but_what_changes(content: dict[str, Any]) -> dict[str, Any]:
    return {name: rows for name, rows in content.items() if name not in CHANGED}


# -- what a backup is -----------------------------------------------------------------------------


def test_a_backup_is_its_owner_s_alone_and_holds_no_key(backup: Path, clinic: Installation) -> None:
    assert sorted(path.name for path in backup.iterdir()) == sorted(
        ["manifest.json", dump_of_this_engine().file_name]
    )
    for path in [backup, backup.parent]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    keys = json.loads(clinic.keys.read_text())
    secrets = [keys["secret_key"], keys["jwt_key"], *keys["data_keys"]["keys"].values()]
    for path in backup.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content]
        assert NOTES.encode() not in content


def test_the_manifest_counts_what_is_in_the_database(backup: Path, clinic: Installation) -> None:
    found = manifest_of(backup)

    assert found["rows"] == {name: len(rows) for name, rows in clinic.content().items()}
    assert found["rows"]["clinic_entry"] > 2
    [epoch] = clinic.query("SELECT value FROM clinic_epoch")
    assert uuid.UUID(found["epoch"]) == uuid.UUID(str(epoch["value"]))
    assert "clinic.0001_initial" in found["migrations"]
    assert {sample["table"] for sample in found["samples"]} >= {
        "clinic_appointment",
        "clinic_entry",
    }


def test_where_the_keys_are_is_said_loudly(clinic: Installation, tmp_path: Path) -> None:
    said = clinic.manage("backup", "--to", tmp_path / "elsewhere")

    assert f"Backed up and read back: {tmp_path}/elsewhere/clinic-" in said
    assert "WITHOUT THE KEYS" in said
    assert str(clinic.keys) in said


def test_what_is_written_meanwhile_is_whole_or_not_there(install: Install) -> None:
    """A backup of a clinic at work: in it, every topic has exactly the entries that its head says."""
    busy = install(migrated=True)
    busy.python('from tests import world; world.a_doctor("busy")')
    heads = "SELECT seq FROM clinic_topichead"
    with (busy.folder / "writer.log").open("wb") as log:
        writer = busy.start(WRITER, log)
    try:
        wait_until(lambda: busy.query(heads), seconds=30, what="the first event")
        before = busy.query(heads)[0]["seq"]
        place = busy.backup()
        assert writer.poll() is None
        after = busy.query(heads)[0]["seq"]
    finally:
        writer.kill()
    assert before < after

    quiet = install(keys=busy.keys)
    quiet.manage("restore", place)
    [found] = quiet.query(
        "SELECT seq, (SELECT count(*) FROM clinic_entry) AS entries, "
        "(SELECT max(seq) FROM clinic_entry) AS last, (SELECT count(*) FROM clinic_event) AS events "
        "FROM clinic_topichead"
    )
    assert before <= found["seq"] <= after
    assert set(found.values()) == {found["seq"]}


def test_a_value_that_was_tampered_with_keeps_nobody_from_backing_up(
    install: Install, clinic: Installation, backup: Path
) -> None:
    damaged = install(keys=clinic.keys)
    damaged.manage("restore", backup)
    first = "(SELECT min(id) FROM clinic_entry)"
    damaged.query(f"UPDATE clinic_entry SET seal = '{uuid.uuid4().hex}' WHERE id = {first}")

    said = damaged.manage("backup")

    assert "the present keys do not open what is in clinic_entry.body" in said
    [place] = (damaged.data / "backups").iterdir()
    install(keys=clinic.keys).manage("restore", place)


@pytest.mark.engine("postgres")
def test_without_postgresql_s_programs_a_backup_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(dumps, "CLIENT_FOLDERS", ())

    with pytest.raises(DumpFailed, match="pg_dump is not found: install PostgreSQL's client"):
        program("pg_dump")


def test_a_backup_that_fails_leaves_nothing_behind(install: Install) -> None:
    empty = install()

    sentence = empty.refused("backup")

    assert "clinic.sqlite3" in sentence or "django_migrations" in sentence
    assert list((empty.data / "backups").iterdir()) == []


# -- what a restore does ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def restored(install: Install, clinic: Installation, backup: Path) -> Installation:
    other = install(keys=clinic.keys)
    said = other.manage("restore", backup)
    assert "All sessions have ended" in said
    assert "new epoch" in said
    return other


def test_every_row_comes_back(clinic: Installation, restored: Installation) -> None:
    assert but_what_changes(restored.content()) == but_what_changes(clinic.content())


def test_health_content_can_be_read_again(restored: Installation) -> None:
    assert restored.python(READ_NOTES).strip() == NOTES


def test_the_journal_has_another_epoch(clinic: Installation, restored: Installation) -> None:
    query = "SELECT value FROM clinic_epoch"

    assert len(restored.query(query)) == 1
    assert restored.query(query) != clinic.query(query)


def test_nobody_is_signed_in_any_more(clinic: Installation, restored: Installation) -> None:
    standing = "SELECT id FROM clinic_session WHERE ended_at IS NULL"

    assert clinic.query(standing)
    assert restored.query(standing) == []
    assert restored.query("SELECT id FROM clinic_session") == clinic.query(
        "SELECT id FROM clinic_session"
    )


def test_the_database_refuses_overlaps_again(restored: Installation) -> None:
    columns = ", ".join(
        f'"{name}"'
        for name in restored.query("SELECT * FROM clinic_appointment LIMIT 1")[0]
        if name != "id"
    )
    twin = f"INSERT INTO clinic_appointment ({columns}) SELECT {columns} FROM clinic_appointment"

    with pytest.raises(Exception, match=r"appointment_(doctor|patient)_overlap"):
        restored.query(f"{twin} LIMIT 1")


def test_it_goes_on_counting_where_it_stood(clinic: Installation, restored: Installation) -> None:
    heads = "SELECT topic, seq FROM clinic_topichead ORDER BY topic"
    before = {row["topic"]: row["seq"] for row in clinic.query(heads)}

    restored.python("from clinic.models import Doctor\nfrom tests.realtime.stage import move\n"
                    "move(Doctor.objects.get().pk)")  # fmt: skip

    [moved] = [row for row in restored.query(heads) if row["seq"] != before[row["topic"]]]
    assert moved["seq"] == before[moved["topic"]] + 1
    assert moved["topic"].startswith("slots.")


# -- what a restore refuses ---------------------------------------------------------------------------


def test_a_database_that_is_not_empty_is_not_replaced(clinic: Installation, backup: Path) -> None:
    before = clinic.content()

    assert clinic.refused("restore", backup).startswith("This database is not empty: FORCE=1")
    assert clinic.content() == before


@pytest.mark.proof
def test_what_is_replaced_on_purpose_is_kept(
    install: Install, clinic: Installation, backup: Path
) -> None:
    other = install(keys=clinic.keys, migrated=True)
    other.python('from tests import world; world.a_patient("only_here")')

    said = other.manage("restore", backup, "--force")

    assert but_what_changes(other.content()) == but_what_changes(clinic.content())
    kept = Path(said.partition("What was there is now ")[2].splitlines()[0].rstrip("."))
    if kept.is_dir():
        again = install(keys=clinic.keys)
        again.manage("restore", kept)
        assert again.query("SELECT 1 FROM clinic_person WHERE username = 'only_here'")
    else:
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        kept.replace(other.data / "clinic.sqlite3")
        assert other.query("SELECT 1 FROM clinic_person WHERE username = 'only_here'")


@pytest.mark.timeout(240)
def test_a_clinic_that_serves_is_not_replaced(
    install: Install, clinic: Installation, backup: Path, tmp_path: Path
) -> None:
    serving = install(keys=clinic.keys)
    serving.manage("restore", backup)
    web = Web(folder=tmp_path, env=serving.env)
    try:
        web.start()
        assert httpx.get(f"{web.base_url}/readyz", timeout=20).status_code == 200
        before = serving.content()
        for command in (("restore", backup, "--force"), ("upgrade",)):
            sentence = serving.refused(*command)
            assert "stop" in sentence
        assert serving.content() == before
    finally:
        web.kill()
    serving.manage("restore", backup, "--force")


@pytest.mark.engine("sqlite")
def test_a_file_that_anybody_else_has_open_is_not_replaced(
    install: Install, clinic: Installation, backup: Path
) -> None:
    """A Celery worker has no lock of its own."""
    other = install(keys=clinic.keys)
    other.manage("restore", backup)
    log = other.folder / "worker.log"
    with log.open("wb") as said:
        worker = other.start(HOLDER, said)
    try:
        wait_until(log.read_text, seconds=30, what="its first line")
        assert other.refused("restore", backup, "--force").startswith("Somebody uses ")
    finally:
        worker.kill()


def spoil_data(folder: Path) -> None:
    path = folder / dump_of_this_engine().file_name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose_data(folder: Path) -> None:
    (folder / dump_of_this_engine().file_name).unlink()


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def rewrite(folder: Path) -> None:
        manifest = manifest_of(folder)
        change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return rewrite


def other_engine(manifest: dict[str, Any]) -> None:
    manifest["engine"] = {"sqlite": "postgresql", "postgresql": "sqlite"}[manifest["engine"]]


def one_row_more(manifest: dict[str, Any]) -> None:
    manifest["rows"]["clinic_person"] += 1


def from_the_future(manifest: dict[str, Any]) -> None:
    manifest["migrations"].append("clinic.9999_teleport")


SPOILED: Final = {
    "its data are changed": (spoil_data, "its checksum is another one"),
    "its data are gone": (lose_data, "has no database"),
    "it has no manifest": (lose_manifest, "is no backup"),
    "its manifest is of something else": (rewritten(dict.clear), "no manifest of this version"),
    "it is of the other engine": (rewritten(other_engine), "set DATABASE_URL"),
    "it has fewer rows": (rewritten(one_row_more), "other rows than its manifest says, in clinic_person"),
    "it is of a later version": (rewritten(from_the_future), "clinic.9999_teleport is not known here"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILED)
def test_a_backup_is_refused_when(how: str, copy: Path) -> None:
    spoil, reason = SPOILED[how]
    spoil(copy)

    with pytest.raises(BackupRefused, match=reason) as refusal:
        verify(dump_of_this_engine(), copy, read_manifest(copy))
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


def test_a_backup_that_was_not_finished_is_refused(copy: Path) -> None:
    with pytest.raises(BackupRefused, match="never finished"):
        read_manifest(copy.rename(f"{copy}.unfinished"))


def test_keys_that_do_not_open_it_are_refused(
    backup: Path, clinic: Installation, settings: Any
) -> None:
    manifest = read_manifest(backup)
    with pytest.raises(BackupRefused, match="do not open this backup's health content"):
        check_keys(manifest)

    settings.DATA_KEYS = load_keys(clinic.keys).data
    check_keys(manifest)

    settings.DATA_KEYS = DataKeys("k2", {"k2": b"another key, of thirty-two bytes"})
    with pytest.raises(BackupRefused, match="put back the keys that belong to it"):
        check_keys(manifest)


@pytest.mark.proof
def test_a_refused_backup_changes_nothing(
    install: Install, clinic: Installation, backup: Path
) -> None:
    """With keys of its own, which open nothing of it; and with --force, which is no answer to that."""
    stranger = install(migrated=True)
    before = stranger.content()

    assert "do not open" in stranger.refused("restore", backup, "--force")
    assert stranger.content() == before


def test_a_restore_that_fails_half_way_leaves_all_as_it_was(
    install: Install, clinic: Installation, backup: Path
) -> None:
    other = install(keys=clinic.keys, migrated=True)
    other.python('from tests import world; world.a_patient("only_here")')
    before = other.content()

    said = other.python(
        "from pathlib import Path\n"
        "from clinic.management.dumps import dump_of_this_engine\n"
        "dump = dump_of_this_engine()\n"
        "try:\n"
        f"    dump.replace(Path({str(backup)!r}) / dump.file_name, ['DELETE FROM no_such_table'], stamp='x')\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )

    assert "no_such_table" in said
    assert other.content() == before


def test_a_server_s_own_restore_is_finished_by_the_same_command(
    install: Install, clinic: Installation, backup: Path
) -> None:
    other = install(keys=clinic.keys)
    other.manage("restore", backup)
    other.query("UPDATE clinic_session SET ended_at = NULL")
    epoch = other.query("SELECT value FROM clinic_epoch")

    other.manage("restore", "--by-other-means")

    assert other.query("SELECT value FROM clinic_epoch") != epoch
    assert other.query("SELECT id FROM clinic_session WHERE ended_at IS NULL") == []


# -- the keys ---------------------------------------------------------------------------------------


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> Path:
    """This process's clinic has its data here, and its keys elsewhere."""
    settings.DATA_DIR = tmp_path / "data"
    settings.KEYS_FILE = tmp_path / "secret" / "keys.json"
    settings.DATA_DIR.mkdir()
    make_keys(settings.KEYS_FILE)
    return Path(settings.KEYS_FILE)


def test_keys_are_copied_to_where_nothing_else_is(keys: Path, tmp_path: Path) -> None:
    for _ in range(2):
        copied = copy_keys(tmp_path / "safe")

    assert list((tmp_path / "safe").iterdir()) == [copied]
    assert copied.read_bytes() == keys.read_bytes()
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600


def test_other_keys_are_never_overwritten(keys: Path, tmp_path: Path) -> None:
    contents = set()
    for _ in range(3):
        copy_keys(tmp_path / "safe")
        contents.add(keys.read_bytes())
        keys.unlink()
        make_keys(keys)

    assert {path.read_bytes() for path in (tmp_path / "safe").iterdir()} == contents
    assert len(contents) == 3


def test_keys_are_not_copied_beside_the_data_or_a_backup(
    keys: Path, backup: Path, tmp_path: Path
) -> None:
    shutil.copytree(backup, tmp_path / "there" / backup.name)
    for place in (tmp_path / "data", tmp_path / "data" / "safe", tmp_path / "there"):
        with pytest.raises(BackupRefused, match="choose another place"):
            copy_keys(place)
    assert not list(tmp_path.rglob("clinic-keys*"))


def test_no_backup_is_made_beside_keys(keys: Path, tmp_path: Path) -> None:
    copy_keys(tmp_path / "safe")

    with pytest.raises(BackupRefused, match="a backup beside its keys protects nothing"):
        write_backup(tmp_path / "safe")


def test_where_keys_go_has_to_be_said(clinic: Installation) -> None:
    assert "make backup-keys TO=folder" in clinic.refused("backup", "--keys")


# -- the words for it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("backup", "manage.py backup"),
        ("backup TO=/there", 'manage.py backup --to "/there"'),
        ("backup-keys TO=/safe", 'manage.py backup --keys --to "/safe"'),
        ("restore FROM=/there/one", 'manage.py restore "/there/one"'),
        ("restore FROM=/there/one FORCE=1", 'manage.py restore "/there/one" --force'),
        ("upgrade", "manage.py upgrade"),
    ],
)
def test_make_says_it_in_one_word(words: str, command: str) -> None:
    said = subprocess.run(
        ["make", "--dry-run", *words.split()], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert said.splitlines()[-1].strip().endswith(command)


def test_the_version_is_the_project_s() -> None:
    from clinic import VERSION

    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text()
