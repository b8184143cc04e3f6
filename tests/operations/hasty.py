"""Settings of a web server that waits for nobody."""

from clinic.settings import *  # noqa: F403

REQUEST_HEAD_SECONDS = 1
REQUEST_BODY_SECONDS = 1
