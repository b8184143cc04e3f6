"""`python -m tests.bench.serve`: the clinic's own server, serving the application with clocks in it."""

import sys

from tests.bench.stamped import application  # isort: skip  (first: it sets Django up)
from realtime.serve import main

if __name__ == "__main__":
    sys.exit(main(application))
