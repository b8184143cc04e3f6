"""Settings of a web process whose viewers are forgotten soon after it was killed."""

from clinic.settings import *  # noqa: F403

PRESENCE_RENEWAL_SECONDS = 1.0
PRESENCE_LEASE_SECONDS = 4.0
