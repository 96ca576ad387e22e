"""A process that opens and replaces stored keys all the time, and knows what each must be.

    python -m tests.secrets.keyholder seed FILE COUNT    make keys; FILE gets what they are
    python -m tests.secrets.keyholder hold FILE          open and replace until standard input ends
    python -m tests.secrets.keyholder read FILE          open each once

A key that is not what it must be, at any moment, makes it fail.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from apikeys import services  # noqa: E402
from apikeys.models import UserApiKey  # noqa: E402
from apikeys.selectors import run_key  # noqa: E402
from apikeys.verification import CheckedKey  # noqa: E402
from tests.people import make_key, make_user, new_secret  # noqa: E402

OWNER = "keyholder"


def seed(count: int) -> dict[str, str]:
    owner, known = make_user(OWNER), {}
    for number in range(count):
        secret = new_secret()
        known[str(make_key(owner=owner, name=str(number), secret=secret).pk)] = secret
    return known


def read(known: dict[str, str]) -> int:
    owner = User.objects.get(username=OWNER)
    wrong = sum(run_key(owner.pk, UUID(key_id)).secret != known[key_id] for key_id in known)
    return wrong


class Holder:
    """Two threads that open, one that replaces; while one is replaced, old and new are right."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.right = {key_id: {secret} for key_id, secret in known.items()}
        self.owner = User.objects.get(username=OWNER)
        self.ids = list(known)
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.opened, self.replaced, self.wrong = 0, 0, []

    def open(self) -> None:
        key_id = random.choice(self.ids)
        with self.lock:
            before = set(self.right[key_id])
        secret = run_key(self.owner.pk, UUID(key_id)).secret
        with self.lock:
            right = before | self.right[key_id]
        if secret not in right:
            self.wrong.append(key_id)
        self.opened += 1
        self.stopped.wait(0.02)  # the rotation and the server need the machine too

    def replace(self) -> None:
        key_id, newer = random.choice(self.ids), new_secret()
        with self.lock:
            self.right[key_id].add(newer)
        key = UserApiKey.objects.select_related("user").get(pk=key_id)
        services.key_put(key=key, checked=CheckedKey(newer, {"status": "active"}))
        with self.lock:
            self.right[key_id] = {newer}
            self.known[key_id] = newer
        self.replaced += 1
        self.stopped.wait(0.1)

    def repeat(self, work) -> None:
        try:
            while not self.stopped.is_set():
                work()
        except Exception as error:
            self.wrong.append(repr(error))
            raise
        finally:
            connection.close()

    def run(self) -> None:
        threads = [
            threading.Thread(target=self.repeat, args=(work,))
            for work in (self.open, self.open, self.replace)
        ]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        self.stopped.set()
        for thread in threads:
            thread.join()


def main(what: str, file: Path, count: str = "0") -> int:
    if what == "seed":
        file.write_text(json.dumps(seed(int(count))))
        return 0
    known = json.loads(file.read_text())
    if what == "read":
        return read(known)
    holder = Holder(known)
    holder.run()
    file.write_text(json.dumps(holder.known))
    sys.stdout.write(f"{holder.opened} opened, {holder.replaced} replaced\n")
    sys.stderr.write("".join(f"wrong: {what}\n" for what in holder.wrong))
    return len(holder.wrong)


if __name__ == "__main__":
    sys.exit(min(100, main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])))
