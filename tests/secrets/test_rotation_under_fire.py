"""The master key is rotated while answers stream and keys are opened and replaced.

The rotation is killed again and again. ROTATE_KEYS=1000 makes it the size of a large server.
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from emulator.testing import Emulator
from tests.e2e.server import ROOT, ChatServer, Place
from tests.secrets.conftest import Tape
from tests.secrets.exits import Recorded

KEYS = int(os.environ.get("ROTATE_KEYS", "60"))
KILLS = 3
PEOPLE = 8


class Operator:
    """The processes beside the server, on its database."""

    def __init__(self, place: Place, emulator: Emulator) -> None:
        self.place = place
        self.emulator = emulator
        self.known = place.folder / "known.json"

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.place.environment(self.emulator, 8000)
            | {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "ERROR"}
            | environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **environment: str) -> str:
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out + err
        return out

    def keyholder(self, what: str, *more: str, **environment: str) -> str:
        words = ("-m", "tests.secrets.keyholder", what, str(self.known), *more)
        return self.run(*words, **environment)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keys are opened and replaced all the while; each must be right at every moment."""
        words = ("-m", "tests.secrets.keyholder", "hold", str(self.known))
        process = self.start(*words)
        try:
            yield
        finally:
            out, err = process.communicate(timeout=60)  # the end of its input ends it
        assert process.returncode == 0, err
        assert int(out.split()[0]) > 20, out

    def rotated(self) -> int:
        with closing(self.place.open()) as database:
            query = "SELECT count(*) FROM key_audit WHERE what = 'rotate'"
            found: int = database.execute(query).fetchone()[0]
            return found

    def rotate_and_be_killed(self, more: int) -> None:
        """Kill the rotation once ``more`` rows are done."""
        enough = self.rotated() + more
        process = self.start("manage.py", "rotatekeys")
        while process.poll() is None and self.rotated() < enough:
            time.sleep(0.002)
        process.kill()
        process.communicate()


def rows(place: Place) -> list:
    with closing(place.open()) as database:
        query = "SELECT id, encrypted_key, fingerprint FROM user_api_keys ORDER BY id"
        return database.execute(query).fetchall()


def answer(person: Recorded) -> str:
    """The last event of an answer that takes its time."""
    return str(person.ask("/emulate frames=150 size=20 pace=40")[-1]["type"])


def test_keys_survive_a_rotation_that_is_killed_while_everything_goes_on(
    place: Place, emulator: Emulator, tmp_path: Path
):
    old, new = place.secrets["FERNET_KEYS"], secrets.token_urlsafe(48)
    operator = Operator(place, emulator)
    operator.keyholder("seed", str(KEYS))
    server = ChatServer("uvicorn", place, emulator)
    server.start()
    try:
        people = [Recorded(server.person(f"p{number}"), Tape()) for number in range(PEOPLE)]
        server.terminate()
        place.secrets["FERNET_KEYS"] = f"{new},{old}"
        server.start()
        before = rows(place)
        operator.run("manage.py", "rotatekeys", "--dry-run")
        assert rows(place) == before
        with ThreadPoolExecutor(PEOPLE) as pool, operator.holding():
            answers = [pool.submit(answer, person) for person in people]
            for _ in range(KILLS):
                operator.rotate_and_be_killed(random.randint(1, KEYS // (KILLS + 2)))
            assert 0 < operator.rotated() < KEYS + PEOPLE
            said = operator.run("manage.py", "rotatekeys")
            ends = [answered.result() for answered in answers]
        assert ends == ["RUN_FINISHED"] * PEOPLE
        assert "0 cannot be read" in said
    finally:
        server.stop()
    operator.keyholder("read", FERNET_KEYS=new)
    assert f"{KEYS + PEOPLE} current already" in operator.run(
        "manage.py", "rotatekeys", FERNET_KEYS=new
    )
