"""The one settings file, with an environment made for tests: fresh secrets, nothing real."""

import atexit
import os
import secrets
import shutil
import tempfile

os.environ["ENV_FILE"] = os.devnull
if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="chatproject-tests-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "FERNET_KEYS"):
    os.environ.setdefault(name, secrets.token_urlsafe(48))
os.environ.setdefault("GEMINI_BASE_URL", "http://127.0.0.1:9/")  # nobody listens: tests name theirs
os.environ.setdefault("SHUTDOWN_GRACE_S", "0")

from chatproject.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
