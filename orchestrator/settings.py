"""Django's settings. Whatever comes from outside is parsed in :mod:`orchestrator.env`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url

from farm.observability import values
from orchestrator import __version__, env
from orchestrator.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = env.parse(os.environ, project_dir=BASE_DIR)

FURROW_VERSION = __version__
DATA_DIR = ENV.data_dir
STORE_ROOT = ENV.store_root
STORE_S3 = asdict(ENV.store_s3) if ENV.store_s3 else None
NDVI_TARGET = ENV.ndvi_target
METRICS_TARGET = ENV.metrics_target
WEATHER_TARGET = ENV.weather_target
WEATHER_PROVIDERS = ENV.weather.keys
OPEN_METEO_URL = ENV.weather.open_meteo_url
OPEN_METEO_ARCHIVE_URL = ENV.weather.open_meteo_archive_url
OPEN_METEO_KEY = ENV.weather.open_meteo_key
NASA_POWER_URL = ENV.weather.nasa_power_url
MET_NORWAY_URL = ENV.weather.met_norway_url
WEATHER_CONTACT = ENV.weather.contact
PUBLIC_URL = ENV.public_url
TRUSTED_PROXIES = ENV.trusted_proxies

STATIC_ROOT = DATA_DIR / "static"
UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # other people's accounts stay out
for folder in (STATIC_ROOT, UPLOAD_TEMP_DIR, *([] if STORE_S3 else [STORE_ROOT])):
    folder.mkdir(parents=True, exist_ok=True)
# Before an app makes the first metric: only what lives long shares a folder (orchestrator.wsgi and
# orchestrator.manage say so), everything else counts for itself.
values.keep()

SECRET_KEY = ENV.secret_key or env.kept_secret_key(DATA_DIR)
DEBUG = ENV.debug
ALLOWED_HOSTS = list(ENV.allowed_hosts)

ROOT_URLCONF = "orchestrator.urls"
WSGI_APPLICATION = "orchestrator.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"

INSTALLED_APPS = [
    "farm",
    "orchestrator",  # no models: templates only
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # Swagger UI from our own host, no CDN
    "django_prometheus",
    "django_tasks",
    "django_tasks_db",
    "axes",
]

MIDDLEWARE = [
    # Outermost: it distrusts forwarded headers before anyone reads them, and times everything.
    "orchestrator.middleware.RequestContextMiddleware",
    "farm.observability.middleware.OuterMetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "farm.observability.middleware.MetricsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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


# --- Database ---------------------------------------------------------------------------------


def _database() -> dict[str, Any]:
    """Return the one database, counted by django-prometheus."""
    database: dict[str, Any] = dict(dj_database_url.parse(ENV.database_url, conn_max_age=60))
    if database["ENGINE"].endswith("sqlite3"):
        database["ENGINE"] = "farm.observability.databases.sqlite3"
        database["OPTIONS"] = {
            # Seconds a writer waits for another one before "database is locked".
            "timeout": 20,
            # A transaction that begins by reading and then writes cannot be made to wait for the
            # lock and fails at once; taking the write lock first lets the timeout do its work.
            "transaction_mode": "IMMEDIATE",
            # WAL: readers do not wait for the writer. NORMAL is safe against a crash of the
            # process in WAL mode, and a power cut loses at most the last commits.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA foreign_keys=ON",
        }
    else:
        database["ENGINE"] = "farm.observability.databases.postgresql"
        database["CONN_HEALTH_CHECKS"] = True
    return database


DATABASES = {"default": _database()}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


# --- People -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "farm.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it stops the locked out before any password
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"

# Log-in lock-out; farm.accounts.lockout says how failures are counted.
AXES_HANDLER = "farm.accounts.lockout.LockoutHandler"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "username"]
AXES_FAILURE_LIMIT = 5  # per user name and address
LOCKOUT_USERNAME_LIMIT = 50  # per user name, from all addresses together
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# Trying on while locked out does not prolong the lock-out, or a stranger could hold a user out
# for ever at no cost.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "orchestrator.peers.client_address"
AXES_USERNAME_CALLABLE = "farm.accounts.lockout.counted_username"
AXES_LOCKOUT_CALLABLE = "farm.accounts.lockout.locked_out_response"
AXES_DISABLE_ACCESS_LOG = True  # the access log has it, and it would grow without end
AXES_VERBOSE = False

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
    "ALGORITHM": "HS256",
    "ISSUER": "furrow",
}


# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First: it names the challenge of a 401.
        "farm.accounts.authentication.ApiKeyAuthentication",
        "farm.accounts.authentication.JwtAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "farm.accounts.permissions.ScopePermission",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "orchestrator.negotiation.NamedFormatNegotiation",
    "DEFAULT_PARSER_CLASSES": ["orchestrator.parsers.BoundedJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["orchestrator.filters.KnownParameterBackend"],
    "DEFAULT_PAGINATION_CLASS": "orchestrator.pagination.PagePagination",
    "DEFAULT_SCHEMA_CLASS": "orchestrator.schema.RouteNamedSchema",
    # OPTIONS is a 405 like every method that the schema does not list.
    "DEFAULT_METADATA_CLASS": None,
    # Counted in each process's memory: a brake on floods. The lock-out above is what guards
    # passwords, and that one is counted in the database.
    "DEFAULT_THROTTLE_RATES": {"auth": "60/min"},
    "EXCEPTION_HANDLER": "farm.http.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Furrow",
    "DESCRIPTION": "A farm's fields, watched from satellite and drone imagery.",
    "VERSION": FURROW_VERSION,
    "LICENSE": {"name": "Apache-2.0"},
    "SERVE_INCLUDE_SCHEMA": False,
    # The documentation tells nothing that the source does not.
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Fields that share a name ("state", "role") without sharing the choices.
    "ENUM_NAME_OVERRIDES": {
        "AssetRole": "farm.imagery.models.AssetRole",
        "DecisionKind": "farm.weather.models.DecisionKind",
        "HourStatus": "farm.weather.schemas.HOUR_STATUSES",
        "JobKind": "farm.jobs.models.JobKind",
        "JobState": "farm.jobs.models.JobState",
        "Platform": "farm.imagery.models.Platform",
        "RadiometryVerdict": "farm.imagery.models.RadiometryVerdict",
        "Role": "farm.farms.models.Role",
        "SceneState": "farm.imagery.models.SceneState",
        "Scope": "farm.accounts.models.Scope",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "farm.http_schema.document_problems",
    ],
}

# A JSON or form body; files are not counted, and bulk outlines stay below it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 64  # one Sentinel-2 date is about 15
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
UPLOAD_MAX_BYTES = ENV.upload_max_bytes
MASK_DILATION_M = ENV.mask_dilation_m
TILE_KEY = ENV.tile_key
FILE_UPLOAD_TEMP_DIR = str(UPLOAD_TEMP_DIR)  # /tmp may be memory; rasters are large


# --- What is kept to be given again -------------------------------------------------------------

CACHES = {
    "default": {"BACKEND": "farm.observability.caches.LocMemCache"},
    # Pictures and statistics, for when furrow-ndvi does not answer; all processes share it.
    "answers": {
        "BACKEND": "farm.observability.caches.FileBasedCache",
        "LOCATION": str(DATA_DIR / "answers"),
        "TIMEOUT": 30 * 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 500},  # a picture has 1 MiB at most, so half a gigabyte
    },
}


# --- Edge -------------------------------------------------------------------------------------

# Cookies carry Secure where people come by HTTPS. For a first look over plain HTTP on the same
# machine, RequestContextMiddleware takes the flag off for loopback hosts only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.is_public_https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "farm.http_pages.csrf_failure"
# Believed from our own proxy alone: RequestContextMiddleware drops it from other peers.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Browsers keep HSTS per host name for all its ports: on localhost it would break every plain HTTP
# server on the developer's machine.
SECURE_HSTS_SECONDS = 31_536_000 if ENV.is_public_https and not ENV.is_loopback else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for sub-domains: the name above us is not ours to speak for
    "security.W008",  # redirect to HTTPS: Caddy does it; Prometheus scrapes plain HTTP on loopback
    "security.W021",  # HSTS preload: the operator's decision, not a default
]

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "orchestrator.staticfiles.CollectedStaticFilesStorage"},
}
# Before `collectstatic` the files are served from the packages they come with.
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").is_file()

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(level=ENV.log_level)
