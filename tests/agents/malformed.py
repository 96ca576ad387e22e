"""What others may write to our channel in Redis, by what is wrong with it."""

from __future__ import annotations

from uuid import UUID

RUN = UUID(int=1)

MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00",
    "not JSON": b"written",
    "a number": b"5",
    "nothing": b"null",
    "an object": b'{"a": 1}',
    "an empty list": b"[]",
    "a number for a process": b"[1]",
    "a word for a notification": b'["other", "written"]',
    "a number for a notification": b'["other", 7]',
    "an empty notification": b'["other", []]',
    "a notification of numbers": b'["other", [1, 2]]',
    "a notification of lists": b'["other", [["written"], "1"]]',
    "an unknown kind": b'["other", ["explode", "00000000-0000-0000-0000-000000000001"]]',
    "a bad id": b'["other", ["written", "../../etc"]]',
    "no id": b'["other", ["stop"]]',
    "an id too many": b'["other", ["stop", "%b", "%b"]]' % (str(RUN).encode(), str(RUN).encode()),
    "deep": b"[" * 60_000,
    "huge": b'["other", "' + b"x" * 3_000_000 + b'"]',
    "a huge number": b'["other", ' + b"9" * 5_000 + b"]",
    "a lone surrogate": b'["other", ["written", "\\ud800"]]',
}
