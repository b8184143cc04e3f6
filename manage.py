#!/usr/bin/env python
"""Django's command line for the clinic."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["make_keys"]:
        # The settings need the keys, so making them cannot need the settings.
        from clinic.keys import main as make_keys

        make_keys()
        return
    if sys.argv[1:2] == ["test"]:
        run_tests()
        return
    if sys.argv[1:2] in (["migrate"], ["makemigrations"]):
        from clinic.keys import make_keys_of_new_clinic

        make_keys_of_new_clinic()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def run_tests() -> None:
    try:
        from tests.command import main as run
    except ModuleNotFoundError:
        sys.exit("The tests are not part of this installation: run ./run_tests.sh or `make test`.")
    run(sys.argv[2:])


if __name__ == "__main__":
    main()
