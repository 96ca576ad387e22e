"""Sessions of the admin, of which the database does not hold what a browser has to send."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

ROW_KEY_CHARS = 40  # of the column; 160 bits


def row_key(cookie: str | None) -> str:
    # Who reads the table, or a backup of it, can make no cookie from what stands there; with
    # Django's own store a dump of the database is a live session of the admin. A fast hash is
    # enough, because a cookie is random: there is nothing to guess, as there is with passwords.
    return sha256(f"session:{cookie}".encode()).hexdigest()[:ROW_KEY_CHARS]


class SessionStore(db.SessionStore):
    """Django's own store but for the key of the row."""

    def _get_session_from_db(self) -> Any:
        current = self.model.objects.filter(expire_date__gt=timezone.now())
        row = current.filter(session_key=row_key(self.session_key)).first()
        if row is None:
            self._session_key = None
        return row

    async def _aget_session_from_db(self) -> Any:
        current = self.model.objects.filter(expire_date__gt=timezone.now())
        row = await current.filter(session_key=row_key(self.session_key)).afirst()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        return super().exists(row_key(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(row_key(session_key))

    def create_model_instance(self, data: Any) -> Any:
        row = super().create_model_instance(data)
        row.session_key = row_key(self.session_key)
        return row

    async def acreate_model_instance(self, data: Any) -> Any:
        row = await super().acreate_model_instance(data)
        row.session_key = row_key(self.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        cookie = session_key or self.session_key
        if cookie is not None:
            super().delete(row_key(cookie))

    async def adelete(self, session_key: str | None = None) -> None:
        cookie = session_key or self.session_key
        if cookie is not None:
            await super().adelete(row_key(cookie))
