"""The ways in which a right ends, each with somebody who acts by it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import httpx2
import psycopg

from tests.cluster.cluster import Cluster
from tests.cluster.trouble import write
from tests.e2e.server import Person
from tests.people import PASSWORD

RETRY_S = 0.2
TIMEOUT_S = 8.0
MEMBER = """INSERT INTO auth_user_groups (user_id, group_id) SELECT u.id, g.id FROM auth_user u,
    auth_group g WHERE u.username = %s AND g.name = %s"""
NO_MEMBER = """DELETE FROM auth_user_groups WHERE user_id IN
    (SELECT id FROM auth_user WHERE username = %s)"""
STAFF = "UPDATE auth_user SET is_staff = {0}, is_superuser = {0} WHERE username = %s"
INACTIVE = "UPDATE auth_user SET is_active = false WHERE username = %s"


@dataclass(frozen=True)
class Right:
    """What somebody acts by until ``end`` is called, which returns once that is so.

    Attributes:
        code: what a run that rests on it ends with.
        signs_out: it ends the sign-in, so that they are told nothing more.
        cookies: of an admin's session; else they talk on a socket.
        key: of Gemini's, that their runs use.
    """

    kind: str
    person: Person
    code: str
    signs_out: bool
    end: Callable[[], None]
    key: str = ""
    cookies: httpx2.Cookies | None = None


class Registrar:
    """Registers people while all is well, for their rights to be ended while it is not.

    Args:
        address: of the load balancer, once it listens.
    """

    def __init__(self, cluster: Cluster, address: Callable[[], str]) -> None:
        self._cluster = cluster
        self._address = address

    @property
    def ways(self) -> list[Callable[[], Right]]:
        return [
            self.deactivation,
            self.sign_out,
            self.sign_out_everywhere,
            self.key_off,
            self.key_deletion,
            self.loan_end,
            self.lender_deactivation,
            self.leaving_a_group,
            self.demotion,
        ]

    def deactivation(self) -> Right:
        person = self._cluster.person("erin")
        end = partial(self._deactivate, person)
        return Right("deactivation", person, "user_inactive", True, end, person.key)

    def sign_out(self) -> Right:
        person = self._cluster.person("erin")
        end = partial(self._ask, person, "POST", "token/logout/", {"refresh": person.refresh})
        return Right("sign-out", person, "signed_out", True, end, person.key)

    def sign_out_everywhere(self) -> Right:
        person = self._cluster.person("erin")
        end = partial(self._ask, person, "POST", "token/logout-all/")
        return Right("sign-out everywhere", person, "signed_out", True, end, person.key)

    def key_off(self) -> Right:
        person = self._cluster.person("erin")
        end = partial(self._ask, person, "PATCH", f"keys/{person.key_id}/", {"is_active": False})
        return Right("key switched off", person, "key_inactive", False, end, person.key)

    def key_deletion(self) -> Right:
        person = self._cluster.person("erin")
        end = partial(self._ask, person, "DELETE", f"keys/{person.key_id}/")
        return Right("key deleted", person, "key_deleted", False, end, person.key)

    def loan_end(self) -> Right:
        lender, borrower, loan = self._loan()
        end = partial(self._ask, lender, "DELETE", loan)
        return Right("loan taken back", borrower, "loan_ended", False, end, lender.key)

    def lender_deactivation(self) -> Right:
        lender, borrower, _ = self._loan()
        end = partial(self._deactivate, lender)
        return Right("lender's deactivation", borrower, "loan_ended", False, end, lender.key)

    def leaving_a_group(self) -> Right:
        """Put out of the group that a key is lent to, as the admin does it."""
        lender, borrower, _ = self._loan(f"team {uuid4()}")
        end = partial(self._write, NO_MEMBER, borrower.username)
        return Right("demotion from a group", borrower, "loan_ended", False, end, lender.key)

    def demotion(self) -> Right:
        """Of an administrator, who reads the admin's pages."""
        person = self._cluster.nodes[0].person("erin", with_key=False)
        write(self._cluster, STAFF.format("true"), person.username)
        end = partial(self._write, STAFF.format("false"), person.username)
        cookies = _admin_session(person)
        return Right("demotion of staff", person, "", True, end, cookies=cookies)

    def _loan(self, group: str = "") -> tuple[Person, Person, str]:
        """A lender, a borrower who has chosen the lender's key, and the loan's path."""
        lender = self._cluster.person("lender")
        borrower = self._cluster.nodes[0].person("erin", with_key=False)
        to = {"group": group} if group else {"borrower": borrower.username}
        if group:
            write(self._cluster, "INSERT INTO auth_group (name) VALUES (%s)", group)
            for person in (lender, borrower):
                write(self._cluster, MEMBER, person.username, group)
        path = f"keys/{lender.key_id}/loans/"
        lent = lender.rest("POST", path, json={"label": "team key", **to})
        assert lent.status_code == 201, lent.text
        assert borrower.rest("POST", f"keys/{lender.key_id}/select/").status_code == 200
        return lender, borrower, f"{path}{lent.json()['id']}/"

    def _deactivate(self, person: Person) -> None:
        self._write(INACTIVE, person.username)

    def _write(self, query: str, *values: object) -> None:
        """Change rows as soon as the database takes it."""
        while True:
            try:
                return write(self._cluster, query, *values)
            except (psycopg.Error, sqlite3.Error):
                time.sleep(RETRY_S)

    def _ask(self, person: Person, method: str, path: str, body: object = None) -> None:
        """Until it is done. Where the answer to that was lost, 401 and 404 tell it."""
        headers = {"authorization": f"Bearer {person.access}"}
        with httpx2.Client(headers=headers, timeout=TIMEOUT_S, trust_env=False) as http:
            while True:
                with suppress(httpx2.TransportError):
                    answer = http.request(method, f"{self._address()}/api/{path}", json=body)
                    if answer.status_code in (200, 204, 401, 404):
                        return
                time.sleep(RETRY_S)


def _admin_session(person: Person) -> httpx2.Cookies:
    with httpx2.Client(base_url=person.server.url, trust_env=False) as http:
        form = http.get("/admin/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert found
        words = {"csrfmiddlewaretoken": found[1], "username": person.username}
        answer = http.post("/admin/login/", data={**words, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return http.cookies
