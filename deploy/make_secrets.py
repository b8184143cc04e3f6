"""The first start in containers: what has to be secret is made here, once, in volumes and nowhere else.

Run in the project's folder. The keys go where CLINIC_KEYS_FILE says; the database's password into the folder
named by the one argument, twice: for PostgreSQL's image (`password`) and for its clients (`pgpass`, which
libpq reads only when nobody else can).
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path


def main(folder: Path) -> int:
    made = subprocess.run([sys.executable, "manage.py", "make_keys"], check=False)
    if made.returncode == 0:
        make_password(folder)
    return made.returncode


def make_password(folder: Path) -> None:
    password = folder / "password"
    if not password.exists():
        # PostgreSQL's own user reads it, in another container: the volume is what keeps others out.
        write(password, secrets.token_urlsafe(32), mode=0o444)
    write(folder / "pgpass", f"*:*:*:*:{password.read_text()}\n", mode=0o600)


def write(path: Path, text: str, *, mode: int) -> None:
    """As a whole or not at all: a start that is broken off leaves no half a password."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    draft.chmod(mode)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
