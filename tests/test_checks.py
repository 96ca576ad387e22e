"""System checks: unsafe settings stop the start, in words."""

import hashlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from chatproject import checks, secrets_check

ROOT = Path(__file__).resolve().parent.parent
# As long and mixed as real ones, and the same in every worker: they stand in names of tests.
STRONG = [hashlib.sha256(bytes([number])).hexdigest() for number in range(4)]


@pytest.fixture
def good(settings):
    settings.SECRET_KEY, settings.JWT_SIGNING_KEY, *_ = STRONG
    settings.FERNET_KEYS = STRONG[2:]
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.ALLOWED_ORIGINS = ["http://localhost:8000"]
    settings.GEMINI_BASE_URL = "https://generativelanguage.googleapis.com/"
    settings.GEMINI_MODELS = {}
    settings.DEBUG = False
    return settings


def found() -> set[str]:
    return {str(problem.id).removeprefix("chatproject.") for c in checks.ALL for problem in c()}


def test_good_settings_pass(good):
    assert found() == set()
    checks.refuse_bad_settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "", "E001"),
        ("JWT_SIGNING_KEY", "", "E001"),
        ("SECRET_KEY", "short", "E002"),
        ("SECRET_KEY", "a" * 64, "E002"),
        ("JWT_SIGNING_KEY", STRONG[0], "E003"),
        ("SECRET_KEY", "django-insecure-" + hashlib.sha256(b"\x04").hexdigest(), "E004"),
        ("JWT_SIGNING_KEY", "paste-the-output-of-the-command-above", "E004"),
        ("FERNET_KEYS", [], "E005"),
        ("FERNET_KEYS", STRONG[2], "E005"),
        ("FERNET_KEYS", [""], "E001"),
        ("FERNET_KEYS", [STRONG[2], "short"], "E002"),
        ("FERNET_KEYS", [STRONG[2], STRONG[2]], "E003"),
        ("FERNET_KEYS", [STRONG[0]], "E003"),
        ("FERNET_KEYS", [STRONG[0] + "1"], "E003"),
        ("FERNET_KEYS", [STRONG[2], STRONG[2][:40]], "E003"),
        ("FERNET_KEYS", ["0123456789" * 4], "E004"),
        ("FERNET_KEYS", [STRONG[2][:16] * 4], "E002"),
        ("FERNET_KEYS", ["abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ"], "E002"),
        ("FERNET_KEYS", ["ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyx"], "E002"),
        ("FERNET_KEYS", ["My-Password-of-the-chat-server-2026!"], "E004"),
        ("SECRET_KEY", "qwertyuiopasdfghjklzxcvbnm-QWERTYUIOP", "E004"),
        ("JWT_SIGNING_KEY", "Tr0ub4dor&3-" * 4, "E002"),
        ("ALLOWED_HOSTS", ["*"], "E007"),
        ("ALLOWED_ORIGINS", ["https://chat.example.org/"], "E008"),
        ("ALLOWED_ORIGINS", ["chat.example.org"], "E008"),
        ("ALLOWED_ORIGINS", ["*"], "E008"),
        ("GEMINI_BASE_URL", "generativelanguage.googleapis.com", "E009"),
        ("GEMINI_BASE_URL", "https://user:password@proxy.example/", "E009"),
        ("GEMINI_BASE_URL", "http://proxy.example/", "E010"),
        ("GEMINI_MODELS", {"gemini-3-flash": "../secrets"}, "E011"),
    ],
)
def test_unsafe_settings_are_refused(good, name, value, expected):
    setattr(good, name, value)
    assert found() == {expected}
    with pytest.raises(ImproperlyConfigured, match=f"chatproject.{expected}"):
        checks.refuse_bad_settings()


def test_random_values_are_never_taken_for_a_pattern():
    for _ in range(500):
        made = secrets.token_urlsafe(48), secrets.token_hex(32), Fernet.generate_key().decode()
        for value in made:
            assert secrets_check.weakness("FERNET_KEYS", value, retired=False) == [], value


def test_an_old_master_key_with_a_pattern_is_warned_of_and_still_opens(good, caplog):
    good.FERNET_KEYS = [STRONG[2], "abcdefghijklmnopqrstuvwxyz0123456789"]
    assert found() == {"W013"}
    checks.refuse_bad_settings()
    assert "rotatekeys" in caplog.text


def test_a_password_is_no_secret_of_another_kind(good):
    good.DEMO_PASSWORD = STRONG[2]
    assert found() == {"E003"}


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:8089", "http://localhost:1", "http://[::1]:1"]
)
def test_the_emulator_may_be_reached_without_tls_on_this_machine(good, base_url):
    good.GEMINI_BASE_URL = base_url
    assert found() == set()


def test_debug_is_allowed_on_this_machine_only(good):
    good.DEBUG = True
    assert found() == set()
    good.ALLOWED_HOSTS = ["localhost", "chat.example.org"]
    assert found() == {"E006"}


def test_debug_is_refused_on_a_public_address(good):
    good.DEBUG = True
    good.HOST = "0.0.0.0"  # noqa: S104 - what is being refused
    assert found() == {"E006"}


def test_no_message_contains_the_secret(good):
    good.SECRET_KEY = "django-insecure-" + STRONG[3]
    good.JWT_SIGNING_KEY = STRONG[2]
    text = " ".join(f"{p.msg} {p.hint}" for c in checks.ALL for p in c())
    assert text
    assert not any(secret in text for secret in STRONG)


def production(tmp_path: Path) -> dict[str, str]:
    """The environment that ``deploy/`` ships, with secrets where it says they are."""
    settings = {"ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "chatproject.settings"}
    for line in (ROOT / "deploy" / "environment.example").read_text().splitlines():
        name, _, value = line.partition("=")
        if name.endswith("_FILE"):
            value = str(tmp_path / Path(value).name)
            Path(value).write_text(secrets.token_urlsafe(48))
        if not line.startswith("#"):
            settings[name] = value
    return {**settings, "PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.server
def test_the_shipped_production_environment_has_nothing_to_warn_about(tmp_path):
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    done = run(*command, environment=production(tmp_path))
    assert done.returncode == 0, done.stderr


LOAD = "import resource, chatproject.asgi; print(resource.getrlimit(resource.RLIMIT_CORE))"


@pytest.mark.server
def test_the_server_writes_no_core_files(tmp_path):
    assert run("-c", LOAD, environment=production(tmp_path)).stdout.strip() == "(0, 0)"


@pytest.mark.server
def test_the_server_does_not_start_with_unsafe_settings(tmp_path):
    environment = production(tmp_path)
    (tmp_path / "jwt_signing_key").write_text((tmp_path / "secret_key").read_text())
    done = run("-c", LOAD, environment=environment)
    assert done.returncode != 0
    assert "chatproject.E003: The same value is used twice" in done.stderr
