"""`python -m tests.chaos.serve`: the clinic's own web process, with the hooks of a chaos run in it."""

import sys

from realtime.asgi import application  # isort: skip  (first: it sets Django up)
from realtime.serve import main
from tests.chaos.inserted import install

if __name__ == "__main__":
    install()
    sys.exit(main(application))
