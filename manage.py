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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
