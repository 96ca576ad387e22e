"""Keeps keys out of a model's output, though it can know them: from an echo, from a prompt.

Works on decoded text, never on the bytes of a frame, where a key can be spelled in escapes. A key
is recognised as it is, percent-encoded, as JSON, JavaScript or HTML escapes, in hex, and in base64
at whatever place of a longer text. Spelled backwards or letter by letter it is not recognised:
docs/keys.md says where the promise ends.
"""

from __future__ import annotations

import base64
import re
from typing import Any

REMOVED = "[removed key]"
_REMOVED_BYTE = b"*"
# All of Google's keys begin alike, so that much may be released before it is clear.
_PUBLIC_CHARS = 4
_ENCODED_FROM = 8  # a shorter secret could occur in the encoding of ordinary words
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")  # refused by UTF-8 or by PostgreSQL
# A run of backslashes is looked at once, from its beginning, and given back nowhere (``++``): tried
# from each of its places it took time by the square of their number, and a model can write many.
# The last line is Markdown: the page shows a key with an escaped ``_``, ``-`` or ``.`` whole.
_ESCAPE = re.compile(
    r"%(?:25)*([0-9a-f]{2})"
    r"|(?<!\\)\\++(?:u00|x)([0-9a-f]{2})"
    r"|(?<!\\)\\++u\{0{0,4}([0-9a-f]{2})\}"
    r"|&\#x0{0,4}([0-9a-f]{2});"
    r"|&\#0{0,4}(\d{2,3});"
    r"|(?<!\\)\\++([\"'/_.-])",
    re.IGNORECASE,
)
_ESCAPE_AT_END = re.compile(  # or the beginning of one
    r"(?:%(?:25)*[0-9a-f]{0,2}"
    r"|\\+(?:u\{?[0-9a-f]{0,6}\}?|x[0-9a-f]{0,2}|[\"'/_.-])?"
    r"|&(?:\#x?[0-9a-f]{0,7};?)?)\Z",
    re.IGNORECASE,
)
_AT_END_CHARS = 20
_ESCAPED_CHARS = 12  # that one letter takes at most


class Redactor:
    """Removes secrets from text, JSON values and bytes."""

    def __init__(self, *secrets: str) -> None:
        self._plain = [secret.encode() for secret in secrets if secret]
        forms = {form: None for secret in secrets if secret for form in _forms(secret)}
        self._forms = tuple(forms)
        self._shortest = min(map(len, self._forms), default=0)
        self._longest = max(map(len, self._forms), default=0)
        self._beginnings = _beginnings(self._forms)

    def text(self, text: str) -> str:
        """``text`` without secrets, and without characters that cannot be stored."""
        # Searched for first: nearly every text is clean, and ``_sendable`` copies it twice. Every
        # delta of every answer comes through here.
        if _UNSENDABLE.search(text):
            text = _sendable(text)
        spans = self.spans(text)
        if not spans:
            return text
        pieces, at = [], 0
        for start, end in spans:
            pieces += [text[at:start], REMOVED]
            at = end
        return "".join([*pieces, text[at:]])

    def value(self, value: Any) -> Any:
        """Any JSON value with each text in it, names too, as ``text`` gives it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            # Names as well as values: of a function call's arguments the model writes both.
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def data(self, data: bytes) -> bytes:
        """The bytes of a file, as long as before, with secrets that stand in them overwritten."""
        for secret in self._plain:
            if secret in data:
                # Of the same length: files say of their parts how long they are.
                data = data.replace(secret, _REMOVED_BYTE * len(secret))
        return data

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in ``text``: start and end of each, in order, not overlapping."""
        if len(text) < self._shortest or not self._forms:
            return []
        spans = self._spans_in(text)
        if _may_be_escaped(text):
            # Twice, because mapping each letter back to its place is dear, and rarely needed.
            plain = _ESCAPE.sub(_unescaped, text)
            if self._spans_in(plain):
                plain, places = _decoded(text)
                spans += [(places[start], places[end]) for start, end in self._spans_in(plain)]
        return _merged(spans) if len(spans) > 1 else spans

    def unclear_from(self, text: str) -> int:
        """Where the end of ``text`` begins that may turn out to begin a secret.

        Escapes are decoded from far enough back that the longest form of a secret fits, each of
        its letters escaped; an escape that is cut in its middle is left out of that, and held
        back as a whole.
        """
        if not self._forms:
            return len(text)
        escaped = _may_be_escaped(text[-_ESCAPED_CHARS * self._longest :])
        if not escaped:
            return len(text) - self._beginning_at_end(text)
        cut = len(text)
        if half := _ESCAPE_AT_END.search(text, max(0, len(text) - _AT_END_CHARS)):
            cut = half.start()
        # Only so far back: this runs for each delta, and decoding goes letter by letter.
        start = max(0, cut - _ESCAPED_CHARS * self._longest)
        plain, places = _decoded(text[start:cut])
        decoded = start + places[len(plain) - self._beginning_at_end(plain)]
        return min(decoded, len(text) - self._beginning_at_end(text))

    def _spans_in(self, text: str) -> list[tuple[int, int]]:
        spans = []
        for form in self._forms:
            start = text.find(form)
            while start >= 0:
                spans.append((start, start + len(form)))
                start = text.find(form, start + len(form))
        return spans

    def _beginning_at_end(self, text: str) -> int:
        beginnings = self._beginnings.get(text[-1:], ())
        if not text.endswith(beginnings):
            return 0
        return len(next(beginning for beginning in beginnings if text.endswith(beginning)))


class StreamRedactor:
    """Removes secrets from one streamed text, however it is cut, whatever comes in between.

    A secret can be spread over any number of chunks, so the end of the text that may be the
    beginning of one is held back until more of it has come: what went out cannot be taken back.
    At a border, where something else follows (a thought, a picture, a function call), holding back
    would move an ordinary ending behind what follows it. There up to ``_PUBLIC_CHARS`` letters are
    released: all of Google's keys begin with them, so they give nothing away. They are remembered,
    so that a secret which goes on behind the border is still recognised and the rest of it removed.

    Attributes:
        _released: letters that were released at a border and may begin a secret.
        _pending: letters held back behind those.
    """

    def __init__(self, secrets: Redactor) -> None:
        self._secrets = secrets
        self._released = ""
        self._pending = ""

    def feed(self, text: str) -> str:
        """What is clear of the text so far, and was not released yet."""
        # Searched from the letters that went out already: a secret may have begun in them.
        text = self._released + self._pending + text
        if _UNSENDABLE.search(text):
            # Its other half may come with the next piece. Replaced now, both would be lost.
            half = text[-1] if _is_half(text) else ""
            text = _sendable(text[: len(text) - len(half)]) + half
        released = at = len(self._released)
        pieces, clear = [], 0
        for start, end in self._secrets.spans(text):
            # Of a secret that began before the border only the rest is replaced.
            pieces += [text[at:start], REMOVED]
            at = clear = end
        clear += self._clear(text[clear:])
        pieces.append(text[at:clear])
        self._released, self._pending = text[clear:released], text[max(at, clear) :]
        return "".join(pieces)

    def pause(self) -> str:
        """At a border: what may be released before something else follows."""
        if len(self._released) + len(self._pending) > _PUBLIC_CHARS or _is_half(self._pending):
            return ""
        pending, self._pending = self._pending, ""
        # Not forgotten: ``feed`` finds a secret by its whole length, wherever a border has cut it.
        self._released += pending
        return pending

    def close(self) -> str:
        """At the end of the text: what was held back and is no secret after all."""
        pending, self._pending, self._released = self._pending, "", ""
        return _sendable(pending) if _UNSENDABLE.search(pending) else pending

    def _clear(self, text: str) -> int:
        """How much of a text is neither the beginning of a secret nor half a character."""
        unclear = self._secrets.unclear_from(text)
        return min(unclear, len(text) - 1) if _is_half(text) else unclear


def _forms(secret: str) -> list[str]:
    """How a secret is written: as it is, in hex, and in base64 wherever it stands in a text."""
    if len(secret) < _ENCODED_FROM:
        return [secret]
    data = secret.encode()
    forms = [secret, data.hex(), data.hex().upper()]
    # Base64 writes three bytes as four letters. A letter that also holds bits of what stands
    # before or after the secret is not known, so it is no part of the form.
    for before, unknown in ((0, 0), (1, 2), (2, 3)):
        known = base64.b64encode(bytes(before) + data)[unknown : (before + len(data)) * 8 // 6]
        form = known.decode()
        forms += [form, form.replace("+", "-").replace("/", "_")]
    return forms


def _beginnings(forms: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Every beginning of every form by its last letter, the longest first."""
    by_last: dict[str, dict[str, None]] = {}
    for form in forms:
        for length in range(1, len(form)):
            by_last.setdefault(form[length - 1], {})[form[:length]] = None
    # By the last letter, so that a text is compared with those few that can match; each delta is.
    # Longest first: all that may belong to a secret has to be held back.
    return {last: tuple(sorted(some, key=len, reverse=True)) for last, some in by_last.items()}


def _sendable(text: str) -> str:
    """JSON can escape what UTF-8 or a database cannot hold: half an emoji, a NUL."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\ufffd")


def _is_half(text: str) -> bool:
    """Whether a text ends in the middle of an emoji, as JSON writes one: in two halves."""
    return "\ud800" <= text[-1:] <= "\udbff"


def _may_be_escaped(text: str) -> bool:
    return "%" in text or "\\" in text or "&" in text


def _unescaped(match: re.Match[str]) -> str:
    *hexadecimal, decimal, itself = match.groups()
    if itself:
        return itself
    return chr(int(decimal)) if decimal else chr(int("".join(filter(None, hexadecimal)), 16))


def _decoded(text: str) -> tuple[str, list[int]]:
    """``text`` without escapes, and where in ``text`` each of its letters, and its end, stands."""
    letters: list[str] = []
    places: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(text):
        letters.append(text[at : match.start()])
        places += range(at, match.start() + 1)
        letters.append(_unescaped(match))
        at = match.end()
    letters.append(text[at:])
    places += range(at, len(text) + 1)
    return "".join(letters), places


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        # Where a text holds any escape, a secret in plain letters is found a second time in the
        # decoded text; and keys can share letters. Removed one by one, such a place would be
        # written twice.
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
