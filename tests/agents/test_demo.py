"""``manage.py demo``: an account with a key, and everything served with one command."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from agents.management.processes import Address, answers, emulator_command
from apikeys import selectors
from emulator.testing import running

PASSWORD = "a password made for this test"


@pytest.fixture(scope="module")
def emulator():
    with running() as emulator:
        yield emulator


@pytest.fixture
def demo(settings, emulator):
    settings.DEMO_PASSWORD = PASSWORD
    settings.GEMINI_BASE_URL = emulator.base_url
    return settings


@pytest.mark.django_db
def test_the_account_has_a_key_that_works_with_the_emulator(demo):
    call_command("demo", verbosity=0)
    user = authenticate(username="demo", password=PASSWORD)
    assert user.is_superuser
    [key] = selectors.keys_of(user.pk)
    assert (key.name, key.status) == ("Emulator", "active")
    assert selectors.selected_key_id(user.pk) == key.id


@pytest.mark.django_db
def test_a_second_call_adds_nothing(demo):
    call_command("demo")
    call_command("demo")
    user = User.objects.get(username="demo")
    assert selectors.keys_of(user.pk).count() == 1


@pytest.mark.django_db
def test_the_password_is_the_one_in_the_settings(demo):
    call_command("demo")
    demo.DEMO_PASSWORD = "another password"
    call_command("demo")
    assert authenticate(username="demo", password="another password")
    assert authenticate(username="demo", password=PASSWORD) is None


@pytest.mark.django_db
def test_with_google_the_account_gets_no_key(demo):
    demo.GEMINI_BASE_URL = "https://gemini.example/"
    call_command("demo")
    user = User.objects.get(username="demo")
    assert not selectors.keys_of(user.pk).exists()


@pytest.mark.django_db
def test_without_a_password_there_is_no_account(demo):
    demo.DEMO_PASSWORD = ""
    with pytest.raises(CommandError, match="DEMO_PASSWORD is not set"):
        call_command("demo")
    assert not User.objects.exists()


@contextmanager
def taken_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def free_port() -> int:
    with taken_port() as port:
        return port


def test_a_taken_port_is_named_with_what_to_type(demo):
    with taken_port() as port:
        demo.HOST, demo.PORT = "127.0.0.1", port
        with pytest.raises(CommandError, match=f"make run PORT={port + 1}"):
            call_command("demo", serve=True)


def test_a_taken_port_of_the_emulator_is_named_with_what_to_change(demo):
    with taken_port() as port:
        demo.HOST, demo.PORT = "127.0.0.1", free_port()
        demo.GEMINI_BASE_URL = f"http://127.0.0.1:{port}"
        with pytest.raises(CommandError, match=r"GEMINI_BASE_URL in \.env"):
            call_command("demo", serve=True)


def test_the_emulator_serves_this_machine_only():
    assert emulator_command("http://127.0.0.1:8089")[-1] == "8089"
    with pytest.raises(CommandError, match="this machine only"):
        emulator_command("https://generativelanguage.googleapis.com/")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - everywhere: shown as this machine
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_printed_address_can_be_clicked(host, url):
    assert Address(host, 8000).url == url


def lines_until(process, wanted: str, within_s: float = 60) -> str:
    """What the process printed, up to the line that contains ``wanted``."""
    printed = ""
    deadline = time.monotonic() + within_s
    while wanted not in printed and time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 1)[0]:
            chunk = os.read(process.stdout.fileno(), 4096).decode()
            if not chunk:
                break
            printed += chunk
    assert wanted in printed, printed
    return printed


@contextmanager
def serving(folder, *options):
    """The command as it serves, its addresses, and what it printed up to its greeting."""
    address, emulator = Address("127.0.0.1", free_port()), Address("127.0.0.1", free_port())
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(folder),
        "PORT": str(address.port),
        "GEMINI_BASE_URL": emulator.url,
        "DEMO_PASSWORD": PASSWORD,
    }
    manage: dict[str, Any] = {"env": environment, "cwd": django_settings.BASE_DIR}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], **manage, check=True)
    command = [sys.executable, "manage.py", "demo", "--serve", *options]
    output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, **manage, **output) as process:
        try:
            yield process, address, lines_until(process, "Ctrl-C")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    assert address.is_free()
    assert emulator.is_free()


def answer_of(address: Address, method: str, path: str, body: object = None) -> str:
    with closing(HTTPConnection(address.host, address.port, timeout=10)) as talk:
        talk.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        return talk.getresponse().read().decode()


def signed_in(address: Address) -> bool:
    body = {"username": "demo", "password": PASSWORD}
    return set(json.loads(answer_of(address, "POST", "/api/token/", body))) == {"access", "refresh"}


def wait_for(url: str, within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not answers(url):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.server
def test_one_command_serves_everything_and_ends_it_again(tmp_path):
    with serving(tmp_path) as (_process, address, printed):
        assert f"{address.url}/" in printed
        assert PASSWORD in printed
        assert signed_in(address)


@pytest.mark.server
def test_with_reload_the_page_comes_from_its_sources_and_the_server_starts_anew(tmp_path):
    vite = django_settings.BASE_DIR / "web/node_modules/vite"
    if not vite.exists():
        pytest.skip("the page's packages are not installed")
    with serving(tmp_path, "--reload") as (process, address, printed):
        assert f"{address.url}/" in printed
        assert "/@vite/client" in answer_of(address, "GET", "/")
        assert "mount(App" in answer_of(address, "GET", "/src/main.ts")
        assert "--body-bg" in answer_of(address, "GET", "/static/admin/css/base.css")
        assert signed_in(address)
        (django_settings.BASE_DIR / "chatproject/urls.py").touch()
        lines_until(process, "urls.py changed, reloading")
        lines_until(process, "Starting ASGI/Daphne")
        wait_for(f"{address.url}/api/config/")
        assert signed_in(address)
