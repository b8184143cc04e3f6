"""Kills what a test run started, however the run ends.

Runs as a process of its own and reads its parent's wishes from standard input. The end of that
stream is the end of the parent, even by SIGKILL: whatever is still listed then is removed.
"""

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    groups: set[int] = set()
    folders: list[str] = []
    for line in sys.stdin:
        wish, _, thing = line.rstrip("\n").partition(" ")
        if wish == "watch":
            groups.add(int(thing))
        elif wish == "forget":
            groups.discard(int(thing))
        elif wish == "folder":
            folders.append(thing)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
