"""`python -m tests.bench.serve <module>`: the clinic's own server, serving the application of one of this folder."""

import sys
from importlib import import_module
from typing import Any


def main(module: str) -> int:
    # First: it sets Django up, and lets daphne choose Twisted's reactor.
    application: Any = import_module(f"tests.bench.{module}").application
    from realtime.serve import main as serve

    return serve(application)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
