"""Settings, all from the environment; ``docs/configuration.md`` lists every name.

One file serves development, tests and production: what differs is the environment, not the code.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from chatproject import __version__, database, env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_file(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))
# The SDK reads these behind our back: a user without a key would get the operator's, or another
# service. Every user brings their own key, so they are gone before the SDK is imported.
env.forget("GEMINI_API_KEY", prefix="GOOGLE_")

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:  # the first thing that any command trips over; checks.py sees to the others
    raise ImproperlyConfigured("SECRET_KEY is not set. `make run` makes the secrets, in .env.")
# A secret for each purpose, so that one can be changed alone: sessions, tokens, stored keys.
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY")
FERNET_KEYS = [key.strip() for key in env.secret("FERNET_KEYS").split(",") if key.strip()]

# Where `make run` listens; other servers are told by their own command line.
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1)

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_ORIGINS = env.words(
    "ALLOWED_ORIGINS", f"http://localhost:{PORT},http://127.0.0.1:{PORT},http://[::1]:{PORT}"
)
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS

VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).absolute()
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(VAR_DIR / "media"))).absolute()
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # nobody else's to read

INSTALLED_APPS = [
    "daphne",
    "chatproject.apps.ChatprojectAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "chatproject.apps.ChatprojectConfig",
    "accounts",
    "apikeys",
    "conversations",
    "agents",
]

MIDDLEWARE = [
    # Outermost, so that nothing asks the database after it gave the connection back.
    "common.streaming.ReleaseConnectionMiddleware",
    "chatproject.headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "chatproject.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "chatproject.urls"
ASGI_APPLICATION = "chatproject.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database.from_url(
        env.secret("DATABASE_URL"),
        var_dir=VAR_DIR,
        pool_size=env.integer("DATABASE_POOL_SIZE", 10, minimum=2),
        timeout_ms=env.integer("DATABASE_STATEMENT_TIMEOUT_MS", 5000, minimum=100),
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"  # built from the sources, so not a matter of VAR_DIR
WEB_DIST = BASE_DIR / "web" / "dist"
STATICFILES_DIRS = [WEB_DIST] if WEB_DIST.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Not the manifest storage: it would rename the page's files, whose names hold a hash already.
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedStaticFilesStorage",
        # The page is public, and who installs it need not be who runs it.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[0-9A-Za-z_-]{8}\.\w+$"
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
for public in (STATIC_ROOT.parent, STATIC_ROOT):
    if not public.is_dir():
        public.mkdir()
        public.chmod(0o755)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # The address is the connection's: REST framework would believe the client's X-Forwarded-For.
    "NUM_PROXIES": 0,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "chatproject",
    "DESCRIPTION": "Bring-your-own-key Gemini chat with a team of agents.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "AgentOutputEnum": "agents.core.team.media.OUTPUTS",
        "KeyStatusEnum": "apikeys.models.UserApiKey.Status",
        "RunStatusEnum": "conversations.models.Run.Status",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
SIMPLE_JWT = {
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "ALGORITHM": "HS256",
    # What ends a sign-in is checked with each use of a token; the short life bounds a copied one.
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    # Seconds: a token of a server whose clock is one second ahead is otherwise refused by the next.
    "LEEWAY": 30,
}

ALLOW_REGISTRATION = env.boolean("ALLOW_REGISTRATION", default=False)

# Behind TLS (a proxy that uvicorn trusts tells the scheme): cookies and links for HTTPS only.
HTTPS = env.boolean("HTTPS", default=False)
SESSION_ENGINE = "accounts.sessions"  # whose rows are of no use to who reads them
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preloading is for the owner of the domain to ask for

GEMINI_BASE_URL = env.text("GEMINI_BASE_URL", "https://generativelanguage.googleapis.com/")
GEMINI_API_VERSION = env.text("GEMINI_API_VERSION", "v1beta")
GEMINI_MODELS = env.mapping("GEMINI_MODELS")  # a user's name for a model -> Google's id
GEMINI_INLINE_MAX_BYTES = env.integer("GEMINI_INLINE_MAX_BYTES", 4 * 1024 * 1024)
HISTORY_MAX_TOKENS = env.integer("HISTORY_MAX_TOKENS", 0)
COORDINATOR_MODEL = env.text("COORDINATOR_MODEL")  # a name users choose; empty: the chosen one
GEMINI_PRICES = env.json_object("GEMINI_PRICES")  # Google's id for a model -> what it costs

# The password of the account that `manage.py demo` makes; no password, no account.
DEMO_PASSWORD = env.secret("DEMO_PASSWORD")

REDIS_URL = env.secret("REDIS_URL")  # empty: one process, its notifications and limits in memory

# Limits. Sizes in bytes, times in seconds; "per minute" and "per user" count over all sockets.
REQUEST_MAX_BYTES = env.integer("REQUEST_MAX_BYTES", 1024 * 1024, minimum=1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_MAX_BYTES
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 20 * 1024 * 1024, minimum=1024)
# What requests may send before they are read: by somebody unknown, by one user, and in all.
REQUEST_ANONYMOUS_MAX_BYTES = env.integer("REQUEST_ANONYMOUS_MAX_BYTES", 65_536, minimum=1024)
REQUESTS_BYTES_PER_USER = env.integer(
    "REQUESTS_BYTES_PER_USER", max(64 * 1024 * 1024, 2 * UPLOAD_MAX_BYTES)
)
REQUESTS_BYTES = env.integer("REQUESTS_BYTES", 8 * REQUESTS_BYTES_PER_USER)
REQUEST_MIN_BYTES_PER_S = env.integer("REQUEST_MIN_BYTES_PER_S", 8192, minimum=1)
REQUEST_MAX_S = env.integer("REQUEST_MAX_S", 300, minimum=1)
USER_STORAGE_BYTES = env.integer("USER_STORAGE_BYTES", 1024**3)
DISK_FREE_MIN_BYTES = env.integer("DISK_FREE_MIN_BYTES", 512 * 1024 * 1024)
# Processes that decode files, and what one file may use there.
DECODING_WORKERS = env.integer("DECODING_WORKERS", 2, minimum=1)
DECODING_CPU_S = env.integer("DECODING_CPU_S", 10, minimum=1)
DECODING_MEMORY_BYTES = env.integer("DECODING_MEMORY_BYTES", 1024**3, minimum=256 * 1024**2)
SOCKET_MAX_FRAME_BYTES = env.integer("SOCKET_MAX_FRAME_BYTES", 65_536, minimum=1024)
SOCKET_AUTH_S = env.integer("SOCKET_AUTH_S", 5, minimum=1)
SOCKET_UNITS_PER_S = env.integer("SOCKET_UNITS_PER_S", 200, minimum=20)
SOCKETS_PER_USER = env.integer("SOCKETS_PER_USER", 10, minimum=1)
MESSAGES_PER_MINUTE = env.integer("MESSAGES_PER_MINUTE", 100, minimum=1)
WINDOW_EVENTS = env.integer("WINDOW_EVENTS", 256, minimum=1)
WINDOW_BYTES = env.integer("WINDOW_BYTES", 256 * 1024, minimum=1024)
LOGIN_PER_ACCOUNT = env.integer("LOGIN_PER_ACCOUNT", 5, minimum=1)
LOGIN_PER_ADDRESS = env.integer("LOGIN_PER_ADDRESS", 20, minimum=1)
RUNS_PER_USER = env.integer("RUNS_PER_USER", 3, minimum=1)
RUN_TOTAL_S = env.integer("RUN_TOTAL_S", 600, minimum=1)
RUN_AGENT_S = env.integer("RUN_AGENT_S", 300, minimum=1)
RUN_FIRST_BYTE_S = env.integer("RUN_FIRST_BYTE_S", 60, minimum=1)
RUN_IDLE_S = env.integer("RUN_IDLE_S", 60, minimum=1)
RUN_MODEL_CALLS = env.integer("RUN_MODEL_CALLS", 20, minimum=1)
SHUTDOWN_GRACE_S = env.integer("SHUTDOWN_GRACE_S", 20)

DEFAULT_EXCEPTION_REPORTER = "chatproject.reports.RedactedReporter"
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "chatproject.redaction.OneLineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "chatproject.redaction.RedactedHandler", "formatter": "line"}},
    "filters": {
        "unavailable": {"()": "chatproject.reports.AnsweredUnavailable"},
        "refusals": {"()": "chatproject.reports.ExpectedRefusals"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"filters": ["unavailable", "refusals"]},
        # Ours is the only handler, so that nothing is printed that was not redacted.
        **{
            name: {"handlers": [], "propagate": True}
            for name in ("django", "django.server", "uvicorn", "uvicorn.error")
        },
        # Who asked for what is the proxy's to log; this one would write query strings down.
        "uvicorn.access": {"handlers": [], "level": "WARNING"},
        "daphne": {"level": "WARNING"},  # says at each start which ports and extras there are
        # These print headers, addresses and the text of Google's errors at lower levels.
        **{
            name: {"level": "WARNING"}
            for name in ("google_genai", "httpx2", "httpx", "httpcore2", "httpcore", "hpack")
        },
    },
}
