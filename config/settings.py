"""Everything an operator can set, read from the environment once; docs/reference/settings.md lists it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, logs, names, outgoing

BASE_DIR = Path(__file__).resolve().parent.parent
_ENV = env.environment()
PLACET_UNKNOWN_NAMES = names.unknown(_ENV)

# "local" is the demo and the tests: plain http, secrets made up when none are given.
PLACET_MODE = env.choice(_ENV, "PLACET_MODE", "production", ("production", "local"))
PLACET_SURFACE = env.choice(_ENV, "PLACET_SURFACE", "all", ("api", "web", "all"))
PLACET_ROLE = env.choice(_ENV, "PLACET_ROLE", "app", ("app", "owner"))
_LOCAL = PLACET_MODE == "local"
DEBUG = env.boolean(_ENV, "PLACET_DEBUG", False)
if DEBUG and not _LOCAL:
    raise ImproperlyConfigured("PLACET_DEBUG is only for PLACET_MODE=local.")

# -- secrets ------------------------------------------------------------------------------------
SECRET_KEY = env.key(_ENV, "PLACET_SECRET_KEY", secrets.token_urlsafe(50) if _LOCAL else None)
# Ed25519 seed (32 bytes) that signs grant tokens.
PLACET_SIGNING_KEY = env.seed(_ENV, "PLACET_SIGNING_KEY", secrets.token_bytes(32) if _LOCAL else None)

# -- who may reach us ---------------------------------------------------------------------------
ALLOWED_HOSTS = env.hosts(_ENV, "PLACET_HOSTS") or (["localhost", "127.0.0.1", "[::1]"] if _LOCAL else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("PLACET_HOSTS is missing.")
CSRF_TRUSTED_ORIGINS = env.origins(_ENV, "PLACET_ORIGINS")
if env.boolean(_ENV, "PLACET_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # The last address in X-Forwarded-For is the one that our proxy saw.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_SSL_REDIRECT = not _LOCAL
SECURE_HSTS_SECONDS = 0 if _LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not _LOCAL
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# A browser accepts the __Host- prefix only from https, for this very host and for the whole site.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not _LOCAL
SESSION_COOKIE_NAME = "placet_session" if _LOCAL else "__Host-placet_session"
CSRF_COOKIE_NAME = "placet_csrf" if _LOCAL else "__Host-placet_csrf"
SESSION_COOKIE_SAMESITE, CSRF_COOKIE_SAMESITE = "Lax", "Strict"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "reviews.web.errors.csrf_failure"
# The database ends a session after 30 minutes without use and after 10 hours (governance/sessions.py).
SESSION_ENGINE = "governance.sessions"
SESSION_COOKIE_AGE = 10 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# -- applications -------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "governance",
    "reviews",
]
# The people's handler. The agents' handler (config.surface) takes API_MIDDLEWARE instead.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "reviews.web.languages.Speaking",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "reviews.web.edges.Plain",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reviews.web.proofs.Acting",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
API_MIDDLEWARE = ["reviews.api.edges.agents"]
ROOT_URLCONF = "config.urls_web"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# -- database -----------------------------------------------------------------------------------
# Two roles: the application may not alter tables nor touch what is append-only, only the owner migrates.
_app_url = env.secret(_ENV, "DATABASE_URL") or ("postgresql://placet_app@127.0.0.1/placet" if _LOCAL else None)
if _app_url is None:
    raise ImproperlyConfigured("DATABASE_URL is missing.")
_owner_url = env.secret(_ENV, "DATABASE_OWNER_URL")
# Only migrations are told who owns: of an application without that address, the database itself says it.
PLACET_SINGLE_ROLE = _owner_url == _app_url or (_owner_url is None and PLACET_ROLE == "owner")
_database = (
    env.database(_owner_url or _app_url, "DATABASE_OWNER_URL")
    if PLACET_ROLE == "owner"
    else env.database(_app_url, "DATABASE_URL")
)
# The pool must be as wide as the request threads of a process, or requests queue for a connection.
# The owner only migrates, over one connection.
if PLACET_ROLE == "app":
    _database["OPTIONS"]["pool"] = {
        "min_size": env.integer(_ENV, "PLACET_POOL_MIN", 1, 0, 64),
        "max_size": env.integer(_ENV, "PLACET_POOL_MAX", 8, 1, 64),
        "timeout": 3,
    }
    if _database["OPTIONS"]["pool"]["min_size"] > _database["OPTIONS"]["pool"]["max_size"]:
        raise ImproperlyConfigured("PLACET_POOL_MIN is above PLACET_POOL_MAX.")
# What is asked all day (governance: hot, cursors) stays prepared on the server; the rest is planned each time.
# Behind a PgBouncer that does not keep track of prepared statements (before 1.22) this must be off.
_database["OPTIONS"]["prepare_threshold"] = 5 if env.boolean(_ENV, "PLACET_PREPARE", True) else None
_database["OPTIONS"]["server_side_binding"] = False
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        "ATOMIC_REQUESTS": False,
        "AUTOCOMMIT": True,
        # PgBouncer in transaction mode hands each transaction another session.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}

# -- systems of record and recorded runs ---------------------------------------------------------
PLACET_CONNECTORS = env.connectors(_ENV)
# Where `demo_seed` and `replay` load records for connector "records" to read; production has none.
PLACET_RECORDS_OWNER_URL = env.secret(_ENV, "PLACET_RECORDS_OWNER_URL")
_beside = BASE_DIR.parent / "shared" / "data"
_data = Path(_ENV["PLACET_DATA"]) if _ENV.get("PLACET_DATA") else _beside
if "PLACET_DATA" in _ENV and not _data.is_dir():
    raise ImproperlyConfigured("PLACET_DATA names no folder.")
PLACET_DATA: Path | None = _data if _data.is_dir() else None

# -- policy --------------------------------------------------------------------------------------
# An OPA that has the active bundles; without one, regorus evaluates them here where it is installed.
PLACET_OPA_URL = env.address(_ENV, "OPA_URL")

# -- cases ---------------------------------------------------------------------------------------
# How long facts lie before a person until they can be approved: seconds for the case, and for each required fact.
PLACET_READING_SECONDS = env.integer(_ENV, "PLACET_READING_SECONDS", 3, 0, 60)
PLACET_READING_SECONDS_PER_CHECK = env.integer(_ENV, "PLACET_READING_SECONDS_PER_CHECK", 1, 0, 10)
# How many cases one line of agents, and one record of a domain, may have open at once; one more is 429.
PLACET_OPEN_CASES_PER_LINE = env.integer(_ENV, "PLACET_OPEN_CASES_PER_LINE", 200, 1, 1_000_000)
PLACET_OPEN_CASES_PER_ENTITY = env.integer(_ENV, "PLACET_OPEN_CASES_PER_ENTITY", 20, 1, 1_000_000)

# -- the bell -----------------------------------------------------------------------------------
REDIS_URL = env.redis(_ENV, "REDIS_URL", "redis://127.0.0.1:6379/0" if _LOCAL else None)
CELERY_BROKER_URL = REDIS_URL
# Two instances on one Redis must not take each other's tasks.
CELERY_TASK_DEFAULT_QUEUE = env.word(_ENV, "PLACET_QUEUE", "placet")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Every task is idempotent, so a task whose worker died is simply done again.
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 60, 90
# However long Redis is away: a worker that gave up would be missing when it is back.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP, CELERY_BROKER_CONNECTION_MAX_RETRIES = True, None
# Longer than the longest task, or a second worker would start it while the first still works.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300}
# Ringing must never hold up or fail a request: the sweep finds what was not rung.
CELERY_BROKER_TRANSPORT_OPTIONS |= {"socket_timeout": 2, "socket_connect_timeout": 2, "max_retries": 1}
CELERY_BROKER_TRANSPORT_OPTIONS |= dict.fromkeys(("interval_start", "interval_step", "interval_max"), 0)
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Seconds between rounds. A round that waited longer than its pace is dropped: the next one does its work.
_ROUNDS = {
    "reviews.ring_unread": 10,
    "reviews.expire": 10,
    "reviews.abandon": 15,
    "reviews.draw": 10,
    "reviews.lapse": 60,
    "reviews.mend_policies": 60,
    "reviews.day_key": 900,
    "reviews.forget_keys": 3600,
    "reviews.tell": 5,
    "reviews.deliver": 10,
    "reviews.digests": 300,
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    name: {"task": name, "schedule": float(pace), "options": {"expires": pace}} for name, pace in _ROUNDS.items()
}

# -- messages to people ---------------------------------------------------------------------------
_mail = outgoing.smtp(_ENV, local=_LOCAL)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _mail else 'dummy'}.EmailBackend"
if _mail:
    EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.ssl, _mail.tls
# Empty where no mail leaves.
PLACET_MAIL_FROM = outgoing.sender(_ENV, needed=_mail is not None)
PLACET_SLACK_URL, PLACET_SLACK_TOKEN = outgoing.slack(_ENV, local=_LOCAL)
_leaves = bool(_mail or PLACET_SLACK_TOKEN)
PLACET_CONSOLE_ORIGIN = outgoing.console(_ENV, CSRF_TRUSTED_ORIGINS, local=_LOCAL, needed=_leaves)
# The first channel of a person rings at once, the others only if nobody took care by then.
PLACET_NOTICE_MINUTES = outgoing.minutes(_ENV)
# How many people one case is told to; for how many seconds a letter waits for what goes with it.
PLACET_NOTICE_MOST = env.integer(_ENV, "PLACET_NOTICE_MOST", 20, 1, 200)
PLACET_NOTICE_GATHER = env.integer(_ENV, "PLACET_NOTICE_GATHER", 60, 0, 600)

# -- people -------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "/"
ACCOUNT_ADAPTER = "config.accounts.Closed"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False
# Who guesses is slowed down by account and by address, in rows of the database: all processes count together.
CACHES = {"default": {"BACKEND": "governance.throttle.Counters"}}
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "50/15m/ip,10/15m/key", "reauthenticate": "20/15m/user"}
# Whoever sits in the council or has rank 2 or 3 needs a second factor for high risk and for widening.
PLACET_REQUIRE_MFA = env.boolean(_ENV, "PLACET_REQUIRE_MFA", True)
# Single sign-on, offered where an issuer is named.
PLACET_SSO_ISSUER = env.issuer(_ENV, "PLACET_SSO_ISSUER", insecure=_LOCAL)
PLACET_SSO_CLIENT_ID = _ENV.get("PLACET_SSO_CLIENT_ID", "")
PLACET_SSO_CLIENT_SECRET = env.secret(_ENV, "PLACET_SSO_CLIENT_SECRET") or ""
if PLACET_SSO_ISSUER and not (PLACET_SSO_CLIENT_ID and PLACET_SSO_CLIENT_SECRET):
    raise ImproperlyConfigured("PLACET_SSO_ISSUER needs PLACET_SSO_CLIENT_ID and PLACET_SSO_CLIENT_SECRET.")
MFA_ADAPTER = "config.accounts.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Placet"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _LOCAL

# -- language, time, files ------------------------------------------------------------------------
LANGUAGE_CODE, USE_I18N, TIME_ZONE, USE_TZ = "en", True, "UTC", True
LANGUAGES, LOCALE_PATHS = [("en", "English"), ("de", "Deutsch")], [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("PLACET_STATIC_ROOT") or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static",) if folder.is_dir()]
# "finders" serves files from the source tree, for tests and development.
_finders = env.choice(_ENV, "PLACET_STATIC", "manifest", ("manifest", "finders")) == "finders"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = _finders
_packed, _plain = "whitenoise.storage.CompressedManifest", "django.contrib.staticfiles.storage."
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": f"{_plain if _finders else _packed}StaticFilesStorage"},
}

# -- logs -----------------------------------------------------------------------------------------
_level = env.choice(_ENV, "PLACET_LOG_LEVEL", "WARNING" if _LOCAL else "INFO", logs.LEVELS)
LOGGING = logs.logging_config(_level, readable=_LOCAL)
structlog.configure(**logs.structlog_config())
