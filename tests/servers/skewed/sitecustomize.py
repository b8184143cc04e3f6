"""For a process whose machine's clock is wrong: on its path, it is read when Python starts."""

import os
import time

import time_machine

_skew = float(os.environ["TEST_CLOCK_SKEW_SECONDS"])
time_machine.travel(time.time() + _skew, tick=True).start()
