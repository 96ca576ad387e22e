"""Settings: read strictly, and safe whatever else the environment holds."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import google.genai
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from chatproject import database, env, secrets_file

ROOT = Path(__file__).resolve().parent.parent


def in_fresh_process(code: str, **environment: str) -> str:
    """What ``code`` prints in a process that has loaded the settings with ``environment``."""
    names = ("PATH", "HOME", "VAR_DIR", "SECRET_KEY")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", f"import os\nfrom chatproject import settings\n{code}"],
        env={**kept, "ENV_FILE": os.devnull, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("Yes", True), ("off", False)])
def test_boolean_reads_common_words(monkeypatch, value, meaning):
    monkeypatch.setenv("SWITCH", value)
    assert env.boolean("SWITCH", default=not meaning) is meaning


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.boolean("VALUE", default=True), "maybe"),
        (lambda: env.integer("VALUE", 1), "many"),
        (lambda: env.integer("VALUE", 9, minimum=5), "4"),
        (lambda: env.choice("VALUE", "INFO", ("INFO", "DEBUG")), "loud"),
        (lambda: env.mapping("VALUE"), "not json"),
        (lambda: env.mapping("VALUE"), '{"a": 1}'),
        (lambda: env.mapping("VALUE"), '["a"]'),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start(monkeypatch, read, value):
    monkeypatch.setenv("VALUE", value)
    with pytest.raises(ImproperlyConfigured, match=r"^VALUE must"):
        read()


def test_an_empty_value_means_the_default(monkeypatch):
    monkeypatch.setenv("VALUE", "  ")
    assert env.text("VALUE", "default") == "default"
    assert env.integer("VALUE", 7) == 7
    assert env.boolean("VALUE", default=True) is True
    assert env.mapping("VALUE") == {}


def test_a_secret_comes_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("TOKEN_FILE", str(tmp_path / "secret"))
    assert env.secret("TOKEN") == "from the file"


def test_a_secret_given_twice_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("TOKEN", "value")
    monkeypatch.setenv("TOKEN_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="not both"):
        env.secret("TOKEN")


def test_a_secret_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="TOKEN_FILE points at a file"):
        env.secret("TOKEN")


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / "env").write_text("# comment\n\nFIRST=file\nSECOND = file=more\n")
    monkeypatch.setenv("FIRST", "environment")
    monkeypatch.setenv("SECOND", "")  # restored after the test
    monkeypatch.delenv("SECOND")
    env.load_file(tmp_path / "env")
    assert env.text("FIRST") == "environment"
    assert env.text("SECOND") == "file=more"


def test_the_file_is_read_as_editors_and_shells_write_it(monkeypatch, tmp_path):
    text = "FIRST=one\nexport SECOND=\"two words\"\nTHIRD='th\"ree'\nFOURTH='\n"
    (tmp_path / "env").write_text(text, encoding="utf-8-sig")
    values = {"FIRST": "one", "SECOND": "two words", "THIRD": 'th"ree', "FOURTH": "'"}
    for name in values:
        monkeypatch.setenv(name, "")  # restored after the test
        monkeypatch.delenv(name)

    env.load_file(tmp_path / "env")

    assert {name: env.text(name) for name in values} == values


def test_a_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "env").write_text("FIRST=1\n", encoding="utf-16")
    with pytest.raises(ImproperlyConfigured, match="env is no text in UTF-8"):
        env.load_file(tmp_path / "env")


def test_a_line_that_is_no_setting_is_named(tmp_path):
    (tmp_path / "env").write_text("GOOD=1\nexport nonsense\n")
    with pytest.raises(ImproperlyConfigured, match="line 2"):
        env.load_file(tmp_path / "env")


def test_what_the_sdk_would_read_is_gone_from_the_environment():
    names = [
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_GENAI_USE_ENTERPRISE",
        "GOOGLE_GENAI_API_VERSION",
        "GOOGLE_GENAI_HTTP_CLIENT",
        "GOOGLE_GENAI_CLIENT_MODE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_PROJECT",
    ]
    code = "print([n for n in os.environ if n.startswith(('GEMINI', 'GOOGLE'))])"
    assert in_fresh_process(code, **dict.fromkeys(names, "operator")) == "[]"


def test_the_installed_sdk_reads_no_name_that_is_left_in_the_environment():
    package = Path(google.genai.__file__).parent
    sdk = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    read = set(re.findall(r"(?:environ(?:\.get\(|\[)|getenv\()\s*['\"](\w+)['\"]", sdk))
    gone = {name for name in read if name.startswith("GOOGLE_")} | {"GEMINI_API_KEY"}
    certificates = {"SSL_CERT_DIR", "SSL_CERT_FILE"}
    for_its_own_tests = {
        "PYTEST_CURRENT_TEST",
        "TEST_SRCDIR",
        "UNITTEST_ON_FORGE",
        "GITHUB_ACTIONS",
    }
    assert "GOOGLE_API_KEY" in gone
    assert read - gone <= certificates | for_its_own_tests


def test_allowed_origins_follow_the_port():
    printed = in_fresh_process("print(settings.ALLOWED_ORIGINS)", PORT="9000")
    assert printed == "['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000']"


def test_debug_is_off_unless_asked_for():
    assert in_fresh_process("print(settings.DEBUG)") == "False"


def refusal_at_start() -> str:
    """Why the server would not start with the settings at hand."""
    try:
        apps.get_app_config("chatproject").ready()
    except ImproperlyConfigured as error:
        return str(error)
    return ""


@pytest.mark.server
def test_the_api_ids_behind_model_names_can_be_changed():
    code = "import django; django.setup()\nfrom gemini import catalogue as c\nprint("
    code += "c.api_id('gemini-3-flash'))"
    setting = {"DJANGO_SETTINGS_MODULE": "chatproject.settings", "FERNET_KEYS": "a" * 64}
    models = '{"gemini-3-flash": "gemini-9-flash"}'
    assert in_fresh_process(code, GEMINI_MODELS=models, **setting) == "gemini-9-flash"


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("GEMINI_MODELS", {"gemini-1": "gemini-9"}, "There is no model named 'gemini-1'"),
        ("COORDINATOR_MODEL", "gemini-3-image", "must be one of gemini-3-flash, gemini-4-hydrogen"),
        ("COORDINATOR_MODEL", "gemini-3.5-flash-lite", "must be one of gemini-3-flash"),
        ("COORDINATOR_MODEL", "gpt-9", "must be one of gemini-3-flash"),
    ],
)
def test_a_model_that_cannot_be_meant_stops_the_start(settings, name, value, refusal):
    setattr(settings, name, value)
    assert re.match(f"{name}:? {refusal}", refusal_at_start())


@pytest.mark.parametrize("name", ["", "gemini-3-flash-lite", "gemini-4-argon"])
def test_the_coordinators_model_is_one_for_conversation(settings, name):
    settings.COORDINATOR_MODEL = name
    assert refusal_at_start() == ""


def test_without_a_secret_key_the_start_says_what_makes_one():
    refusal = in_fresh_process("print('started')", SECRET_KEY="")
    assert "SECRET_KEY is not set. `make run` makes the secrets" in refusal


def database_for(url, tmp_path):
    return database.from_url(url, var_dir=tmp_path, pool_size=4, timeout_ms=3000)


def test_without_a_url_the_database_is_sqlite_in_wal_mode(tmp_path):
    settings = database_for("", tmp_path)
    assert settings["NAME"] == tmp_path / "chatproject.sqlite3"
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in settings["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:///chat.db", "chat.db"), ("sqlite:////srv/chat.db", "/srv/chat.db")]
)
def test_sqlite_url_names_a_file(tmp_path, url, path):
    assert database_for(url, tmp_path)["NAME"] == tmp_path / path


def test_postgres_url_becomes_a_pool(tmp_path):
    settings = database_for(
        "postgres://chat:p%40ss%2F@db.internal:5433/chat?sslmode=require", tmp_path
    )
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["USER"], settings["PASSWORD"]) == ("chat", "p@ss/")
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db.internal", "5433", "chat")
    assert settings["OPTIONS"]["sslmode"] == "require"
    assert settings["OPTIONS"]["pool"]["max_size"] == 4
    assert "statement_timeout=3000" in settings["OPTIONS"]["options"]


def test_postgres_over_a_unix_socket(tmp_path):
    settings = database_for("postgresql:///chat?host=/run/postgresql", tmp_path)
    assert (settings["HOST"], settings["NAME"]) == ("/run/postgresql", "chat")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://chat:hunter2@host/chat",
        "postgres://chat:hunter2@host",
        "postgres://chat:hunter2@host:port/chat",
        "chat:hunter2",
        "sqlite://hunter2",
    ],
)
def test_a_database_url_that_makes_no_sense_is_refused_without_its_password(tmp_path, url):
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL must look like") as refusal:
        database_for(url, tmp_path)
    assert "hunter2" not in str(refusal.value)


@pytest.fixture
def no_secrets(monkeypatch):
    for name in (*secrets_file.RANDOM, "DEMO_PASSWORD", "GEMINI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def values_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.usefixtures("no_secrets")
def test_missing_secrets_are_made_for_the_owner_only(tmp_path):
    path = tmp_path / ".env"
    secrets_file.add_missing(path)
    values = values_of(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({values[name] for name in secrets_file.RANDOM}) == 3
    assert all(len(values[name]) >= 64 for name in secrets_file.RANDOM)
    assert values["GEMINI_BASE_URL"] == "http://127.0.0.1:8089"


@pytest.mark.usefixtures("no_secrets")
def test_existing_values_stay_and_only_missing_ones_are_added(tmp_path):
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\nMY_OWN=1")
    assert secrets_file.add_missing(path) == ["JWT_SIGNING_KEY", "FERNET_KEYS", "DEMO_PASSWORD"]
    values = values_of(path)
    assert (values["SECRET_KEY"], values["MY_OWN"]) == ("mine", "1")
    assert "GEMINI_BASE_URL" not in values  # whoever has a file has decided already


@pytest.mark.usefixtures("no_secrets")
def test_a_second_call_changes_nothing(tmp_path):
    path = tmp_path / ".env"
    secrets_file.add_missing(path)
    before = path.read_bytes()
    assert secrets_file.add_missing(path) == []
    assert path.read_bytes() == before


@pytest.mark.usefixtures("no_secrets")
def test_a_secret_from_the_environment_or_a_file_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("FERNET_KEYS_FILE", "/run/secrets/fernet")
    assert secrets_file.add_missing(tmp_path / ".env") == ["JWT_SIGNING_KEY", "DEMO_PASSWORD"]
