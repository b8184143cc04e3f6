"""Every setting of the clinic, plain data, the environment read once."""

import logging
import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clinic.environment import LOOPBACK as _LOOPBACK
from clinic.environment import (
    Environment,
    mail,
    mail_events_secret,
    networks,
    public_url,
    redis_address,
    sms,
)
from clinic.keys import KeysMissing, data_folder, env_file, keys_file, load_keys
from clinic.rules.networks import parse_proxies
from clinic.rules.rates import parse_rate
from clinic.rules.reminders import parse_leads

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(env_file())

# -- where things are ---------------------------------------------------------------------------
DATA_DIR = data_folder()
KEYS_FILE = keys_file(DATA_DIR)
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
DEMO_PASSWORD = env.str("CLINIC_DEMO_PASSWORD", default="demo-clinic-1")

# -- secrets ------------------------------------------------------------------------------------
try:
    _keys = load_keys(KEYS_FILE)
except KeysMissing as missing:
    raise ImproperlyConfigured(str(missing)) from None
SECRET_KEY = _keys.secret_key
DATA_KEYS = _keys.data

# -- Django -------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Sites other than our own that may use the API and open the socket, as scheme://host[:port].
ALLOWED_ORIGINS: list[str] = env.list("CLINIC_ALLOWED_ORIGINS", default=[])
INSTALLED_APPS = [
    "clinic",
    "clinic.apps.OperatorsAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "corsheaders",
    "csp",
]
MIDDLEWARE = [
    "api.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.files.Files",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "api" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "clinic.urls"
ASGI_APPLICATION = "realtime.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "clinic.Person"
APPEND_SLASH = True
LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

# -- database -----------------------------------------------------------------------------------
# Celery's prefork workers must not share a pool across a fork; `workers` turns it off.
_POOL = env.bool("CLINIC_DB_POOL", default=True)
_POSTGRES_OPTIONS: dict[str, Any] = {
    "options": "-c statement_timeout=15000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=20000",
    "server_side_binding": True,
    "pool": {
        "min_size": 2,
        "max_size": env.int("CLINIC_DB_POOL_SIZE", default=20),
        "timeout": 5,
    }
    if _POOL
    else False,
}
_SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(
        env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'clinic.sqlite3'}"
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = _SQLITE_OPTIONS
    # Threads and processes share the test database, so it is a file too.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    DATABASES["default"].setdefault("OPTIONS", {}).update(_POSTGRES_OPTIONS)
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A connection that died with its server is not handed out again.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# -- Redis: the fast line, the cache and Celery ---------------------------------------------------
# REDIS_URL, or UPSTASH_REDIS_URL with UPSTASH_REDIS_TOKEN.
REDIS_URL: str | None = redis_address(
    url=env.str("REDIS_URL", default=""),
    upstash_url=env.str("UPSTASH_REDIS_URL", default=""),
    upstash_token=env.str("UPSTASH_REDIS_TOKEN", default=""),
)
EMBEDDED = REDIS_URL is None
REDIS_PREFIX = env.str("CLINIC_REDIS_PREFIX", default="clinic")
CHANNEL_LAYERS: dict[str, dict[str, Any]] = (
    {}
    if REDIS_URL is None
    else {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                # redis-py's own defaults end an idle subscription after five seconds.
                "hosts": [
                    {
                        "address": REDIS_URL,
                        "socket_timeout": None,
                        "socket_connect_timeout": 3,
                        "health_check_interval": 15,
                        "max_connections": 1000,
                    }
                ],
                "prefix": REDIS_PREFIX,
            },
        }
    }
)
EVENT_SINKS = ["realtime.nudges.nudge", "clinic.signals.send"]
# Doctors' next free times; never rights, never health content.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    if REDIS_URL is None
    else {
        "BACKEND": "api.cache.SharedRedisCache",
        "LOCATION": [REDIS_URL],
        "KEY_PREFIX": f"{REDIS_PREFIX}:cache",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

_CELERY_FOLDER = DATA_DIR / "celery"
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "data_folder_in": str(_CELERY_FOLDER / "queue"),
        "data_folder_out": str(_CELERY_FOLDER / "queue"),
        "control_folder": str(_CELERY_FOLDER / "control"),
    }
    if EMBEDDED
    else {"global_keyprefix": f"{REDIS_PREFIX}:celery:"}
)
if REDIS_URL is not None and REDIS_URL.startswith("rediss:"):
    # Celery's own default encrypts and does not look at who is at the other end.
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(_CELERY_FOLDER / "beat")
# Messages that were sent, given up or dropped are kept so long.
MESSAGE_DAYS = 30
# How often the outbox is looked through.
MESSAGE_SECONDS = 3.0
# How often it is looked for reminders that are due; those that have ended are kept so long.
REMINDER_SECONDS = 5.0
REMINDER_DAYS = 365
CELERY_BEAT_SCHEDULE = {
    "drop-expired-rows": {"task": "workers.housekeeping.drop_expired_rows", "schedule": 600.0},
    "send-messages": {
        "task": "workers.messages.send_messages",
        "schedule": MESSAGE_SECONDS,
        # What no worker has taken by then, the next one stands for.
        "options": {"expires": MESSAGE_SECONDS},
    },
    "send-due-reminders": {
        "task": "workers.reminders.send_due_reminders",
        "schedule": REMINDER_SECONDS,
        "options": {"expires": REMINDER_SECONDS},
    },
}

# -- mail: EMAIL_URL, or Mailjet by its three names, or the console ---------------------------------
_MAIL = mail(
    url=env.str("EMAIL_URL", default=""),
    sender=env.str("DEFAULT_FROM_EMAIL", default=""),
    mailjet_key=env.str("MAILJET_API_KEY", default=""),
    mailjet_secret=env.str("MAILJET_API_SECRET", default=""),
    mailjet_sender=env.str("MAILJET_SENDER_EMAIL", default=""),
)
EMAIL_BACKEND = _MAIL.backend
EMAIL_HOST = _MAIL.host
EMAIL_PORT = _MAIL.port
EMAIL_HOST_USER = _MAIL.user
EMAIL_HOST_PASSWORD = _MAIL.password
EMAIL_USE_TLS = _MAIL.use_tls
EMAIL_USE_SSL = _MAIL.use_ssl
EMAIL_FILE_PATH = _MAIL.folder
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _MAIL.sender
ANYMAIL = dict(_MAIL.anymail or {})
MAIL_EVENTS_SECRET = mail_events_secret(env.str("CLINIC_MAIL_EVENTS_SECRET", default=""))
if ANYMAIL:
    INSTALLED_APPS.append("anymail")

# -- sign-in ------------------------------------------------------------------------------------
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
PASSWORD_MIN_CHARS = 8
PASSWORD_MAX_CHARS = 128
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_MIN_CHARS},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
REFRESH_COOKIE = "clinic_refresh"
REFRESH_RACE_SECONDS = 10
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=env.int("CLINIC_ACCESS_SECONDS", default=300)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": _keys.jwt_key,
    "ISSUER": "clinic",
    "AUDIENCE": "clinic",
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": False,
}

# -- limits: times/seconds, or free tries/first wait/longest wait/forgotten after (seconds), or off --------
# Whom to believe when they name the address they serve in X-Forwarded-For: so many proxies, or networks.
TRUSTED_PROXIES = parse_proxies(env.str("CLINIC_TRUSTED_PROXIES", default="0"))
# Requests of one signed-in person, and those of one network that come from nobody in particular.
LIMIT_PERSON = parse_rate(env.str("CLINIC_LIMIT_PERSON", default="1200/60"))
LIMIT_STRANGERS = parse_rate(env.str("CLINIC_LIMIT_STRANGERS", default="600/60"))
# Tries to sign in to one account from one network; to one account from all networks that its owner has
# not used in KNOWN_NETWORK_DAYS; and from one network to whatever accounts.
LIMIT_SIGN_IN = parse_rate(env.str("CLINIC_LIMIT_SIGN_IN", default="5/1/900/86400"))
LIMIT_SIGN_IN_ACCOUNT = parse_rate(env.str("CLINIC_LIMIT_SIGN_IN_ACCOUNT", default="20/1/300/3600"))
LIMIT_SIGN_IN_NETWORK = parse_rate(env.str("CLINIC_LIMIT_SIGN_IN_NETWORK", default="300/600"))
KNOWN_NETWORK_DAYS = 90
# New accounts from one network, and refreshes of one session.
LIMIT_REGISTER = parse_rate(env.str("CLINIC_LIMIT_REGISTER", default="60/3600"))
LIMIT_REFRESH = parse_rate(env.str("CLINIC_LIMIT_REFRESH", default="120/60"))
# Links to a new password that one network asks for; one address gets one in MAIL_AGAIN_SECONDS.
LIMIT_PASSWORD_RESET = parse_rate(env.str("CLINIC_LIMIT_PASSWORD_RESET", default="60/3600"))
MAIL_AGAIN_SECONDS = 300
# Where the web processes count together; without Redis there is one, and the database.
LIMIT_STORE = "" if REDIS_URL is None else "api.tallies.InRedis"

# -- requests: how many are worked on at once in one web process; each holds a database connection -----
REQUEST_THREADS = env.int("CLINIC_REQUEST_THREADS", default=3)
# How many more may wait for a thread; whoever comes then is told to come back (503 `overloaded`).
REQUESTS_WAITING = env.int("CLINIC_REQUESTS_WAITING", default=128)

# -- the API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.RightsDeclared"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.SoundJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "api.schema.ClinicSchema",
    "EXCEPTION_HANDLER": "api.errors.problem_handler",
    "UNAUTHENTICATED_USER": None,
}
LIST_DEFAULT_LIMIT = 25
LIST_MAX_LIMIT = 100
SPECTACULAR_SETTINGS = {
    "TITLE": "Clinic API",
    "DESCRIPTION": "Booking, calendars and notifications of a clinic. Changes are made here; "
    "the websocket at /ws/ tells of them: [its own page](/api/docs/realtime/).",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "PATH_CONVERTER_OVERRIDES": {"id": int},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["api.schema.add_long_poll"],
}
IDEMPOTENCY_HOURS = 24
# What the API serves as the contract of the socket: the edges do not know each other.
SOCKET_CONTRACT = "realtime.contract.document"

# -- booking ------------------------------------------------------------------------------------
SLOTS_MAX_DAYS = 62
BOOKING_NOTICE_MINUTES = env.int("CLINIC_BOOKING_NOTICE_MINUTES", default=0)
try:
    REMINDERS = parse_leads(env.str("CLINIC_REMINDERS", default="1d,2h"))
except ValueError as _error:
    raise ImproperlyConfigured(f"CLINIC_REMINDERS: {_error}.") from None

# A visit whose patient has not arrived so long after its time is a no-show by itself; 0: somebody has to say so.
_NO_SHOW_MINUTES = env.int("CLINIC_NO_SHOW_MINUTES", default=0)
NO_SHOW_AFTER = timedelta(minutes=_NO_SHOW_MINUTES) if _NO_SHOW_MINUTES > 0 else None
# Where SMS go: `console`, the address of a gateway, `python:` and code; or nothing: the clinic sends none.
SMS = sms(env.str("CLINIC_SMS", default=""))
SMS_SECRET = env.str("CLINIC_SMS_SECRET", default="")
# So many reminders one patient is sent by SMS within 24 hours; the others are skipped (`too_many_sms`). 0: none.
SMS_REMINDERS_PER_DAY = env.int("CLINIC_SMS_REMINDERS_PER_DAY", default=10)

# -- the socket: every limit of the protocol -------------------------------------------------------
SOCKET_HEARTBEAT_SECONDS = 25
SOCKET_AUTH_SECONDS = 5
SOCKET_AUTH_MAX_BYTES = 4 * 1024
SOCKET_FRAME_MAX_BYTES = 16 * 1024
# Beyond this the transport closes by itself.
SOCKET_MESSAGE_MAX_BYTES = 64 * 1024
# Frames of whatever kind: at once, and a second; one more for each event that is sent. A message may come in many.
SOCKET_WIRE_FRAMES = 512
SOCKET_WIRE_FRAMES_PER_SECOND = 100
SOCKET_RENEWAL_NOTICE_SECONDS = 60
SOCKET_COMMAND_BURST = 30
SOCKET_COMMANDS_PER_SECOND = 10
SOCKET_BAD_FRAMES_PER_MINUTE = 10
SOCKET_TOPICS = 100
SOCKETS_PER_PERSON = env.int("CLINIC_SOCKETS_PER_PERSON", default=10)
SOCKETS_UNAUTHENTICATED_PER_ADDRESS = env.int("CLINIC_SOCKETS_SIGNING_IN", default=20)
SOCKET_ACK_WINDOW = 256
SOCKET_ACK_STALL_SECONDS = 30
REPLAY_PAGE = 200
REPLAYS_AT_ONCE = env.int("CLINIC_REPLAYS_AT_ONCE", default=4)
# Beyond this many in the queue, a client is asked to come back.
REPLAYS_WAITING = 2000
SWEEP_SECONDS = 2.0
# Who watches a record is marked anew so often, and forgotten when nobody has for so long.
PRESENCE_RENEWAL_SECONDS = 20.0
PRESENCE_LEASE_SECONDS = 45.0
POLL_MAX_SECONDS = 25
ENTRY_DAYS = env.int("CLINIC_ENTRY_DAYS", default=7)
USER_ENTRY_DAYS = env.int("CLINIC_USER_ENTRY_DAYS", default=90)
NOTIFICATION_DAYS = 365

# -- what workers do: from so many seconds on, operators are told that nobody does it --------------------
OVERDUE_SECONDS = {"housekeeping": 3600, "messages": 300, "reminders": 300}

# -- static files and headers ----------------------------------------------------------------------
STATIC_URL = "/static/"
# Nothing is collected: they are served from where their packages keep them.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ROOT = FRONTEND_DIST if FRONTEND_DIST.is_dir() else None
_HASHED_ASSET = re.compile(r"^/assets/.+-[\w-]{8}\.\w+$")


def _is_immutable(_path: str, url: str) -> bool:
    return bool(_HASHED_ASSET.match(url))


WHITENOISE_IMMUTABLE_FILE_TEST = _is_immutable
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # The nonce is there where a page asks for it: the web app's does, for the styles it makes.
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CORS_ALLOWED_ORIGINS = ALLOWED_ORIGINS
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]
# These hold for what is answered before Django, too (realtime/problems.py).
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
# Behind TLS (a proxy that sets X-Forwarded-Proto): HSTS and secure cookies.
BEHIND_TLS = env.bool("CLINIC_BEHIND_TLS", default=False)
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # the names beside ours are not ours to speak for
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for the names beside ours, and
    "security.W021",  # the browsers' preload list: for whoever owns the domain to decide
    "security.W008",  # the proxy that speaks TLS sends people to it; behind it everything is plain HTTP
]
# Where people find the clinic: the beginning of every link in a mail.
PUBLIC_URL = public_url(
    given=env.str("CLINIC_PUBLIC_URL", default=""),
    hosts=ALLOWED_HOSTS,
    port=PORT,
    behind_tls=BEHIND_TLS,
)

# -- the web server -------------------------------------------------------------------------------
REQUEST_HEAD_MAX_BYTES = 16 * 1024
REQUEST_HEAD_SECONDS = 20
# How large a body may be: the first pattern that matches the path counts.
REQUEST_BODY_LIMITS = {r".*": 1024 * 1024}
REQUEST_BODY_SECONDS = 60
# Longer than the proxies' usual minute: the side that closes should be the one that asks.
KEEP_ALIVE_SECONDS = 75
# Whether nobody but this machine can come here, not even through a proxy.
ONLY_THIS_MACHINE = HOST in _LOOPBACK and not BEHIND_TLS and _LOOPBACK.issuperset(ALLOWED_HOSTS)
# A stand-in for push services on this machine may be pushed to; everywhere else, this would open what is private.
PUSH_TO_LOOPBACK = env.bool("CLINIC_PUSH_TO_LOOPBACK", default=False)
if PUSH_TO_LOOPBACK and not ONLY_THIS_MACHINE:
    raise ImproperlyConfigured(
        "CLINIC_PUSH_TO_LOOPBACK is only for a clinic that serves this machine alone."
    )
# Told to end (SIGTERM), it is not ready for so long before it stops listening: a proxy notices.
DRAIN_NOTICE_SECONDS = env.float(
    "CLINIC_DRAIN_NOTICE_SECONDS", default=0.0 if ONLY_THIS_MACHINE else 2.0
)
# Its sockets are then closed one after the other within this time, for all of them come back at once,
DRAIN_SOCKETS_SECONDS = env.float(
    "CLINIC_DRAIN_SOCKETS_SECONDS", default=0.0 if ONLY_THIS_MACHINE else 3.0
)
DRAIN_RECONNECT_MS = 2000
# and whatever has not ended so long after it stopped listening is cut off.
DRAIN_SECONDS = env.float("CLINIC_DRAIN_SECONDS", default=20.0)

# -- measuring: who may read /metrics without an admin's token, and never through a proxy -------------
METRICS_FROM = networks(env.list("CLINIC_METRICS_FROM", default=["127.0.0.0/8", "::1/128"]))

# -- logs: one JSON object per line on stderr, never health content ---------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
# One line per request: when it is answered.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
# It would believe any X-Forwarded-For; `network` is in the lines instead.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
_SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Without the frames' variables, which hold notes, passwords and tokens.
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
                ),
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _SHARED_PROCESSORS,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django logs the arguments of failing SQL and the path of every 4xx: neither belongs here.
        "django.db.backends": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        "daphne": {"level": "WARNING"},
        "twisted": {"level": "WARNING"},
        # It prints a traceback a second while Redis is away; the hub says once that it is.
        "channels_redis": {"level": "CRITICAL"},
        "kombu": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        *_SHARED_PROCESSORS[1:],
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
