"""Addresses as files: what lies on YouTube or on the public web, fetched by Google and never here.

Source: https://ai.google.dev/gemini-api/docs/file-input-methods#external-urls (public https
addresses, up to 100 MB, types as listed; not for Gemini 2.0) and
/docs/video-understanding#youtube (public videos, ten in a request), as read in November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from gemini.types import FileRef, Part

MAX_CHARS = 2_000
MAX_OFFSET_S = 24 * 3_600
MOST_VIDEOS = 10  # in one request
VIDEO = "video/mp4"  # as YouTube's are called in requests, whatever they are
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "bmp": "image/bmp",
}
HINT = (
    "An address must be a public one that begins with https://, of a video on YouTube, a PDF or a "
    "picture (PNG, JPEG, WebP, BMP)."
)
# What is not known of a file that is never looked at, for estimates.
_UNKNOWN_S, _UNKNOWN_BYTES = 600, 1_000_000
_BYTES_PER_S = 250_000

_PLAIN = re.compile(r"[!-~]+")
_HOST = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)")
_PRIVATE = frozenset(
    {"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa"}
    | {"test", "invalid", "example", "onion", "alt"}
)
_YOUTUBE = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"})
_PATHS = re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})/?", re.ASCII)
_ID = re.compile(r"[\w-]{11}", re.ASCII)
_TIME = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Something at an address, as a message carries it; offsets in seconds, of videos."""

    url: str
    mime_type: str
    name: str
    start_s: int | None = None
    end_s: int | None = None

    @property
    def id(self) -> str:
        """The same for the same part of the same thing; a client can tell it before it is sent."""
        start, end = ("" if offset is None else offset for offset in (self.start_s, self.end_s))
        return f"{self.url}#t={start},{end}"

    @property
    def assumed_bytes(self) -> int:
        """What an estimate reckons with, on the high side."""
        if self.mime_type != VIDEO:
            return _UNKNOWN_BYTES
        start = self.start_s or 0
        return _BYTES_PER_S * (_UNKNOWN_S if self.end_s is None else self.end_s - start)


def address_from(
    text: str, mime_type: str = "", start_s: int | None = None, end_s: int | None = None
) -> Address:
    """The address in ``text``; offsets that are given go before those in a link to YouTube.

    Raises:
        ValueError: none that Google would fetch; the text is a sentence to show.
    """
    parts = _public(text)
    if video := _video_id(parts):
        return _video(video, parts, start_s, end_s)
    if (parts.hostname or "") in {*_YOUTUBE, "youtu.be"}:
        raise ValueError("This address of YouTube is not that of a video.")
    if start_s is not None or end_s is not None:
        raise ValueError("Only a video has a beginning and an end.")
    extension = parts.path.rpartition(".")[2].lower()
    kind = TYPES.get(extension) or mime_type
    if kind not in TYPES.values():
        raise ValueError(HINT)
    name = parts.path.rstrip("/").rpartition("/")[2] or str(parts.hostname)
    return Address(parts._replace(fragment="").geturl(), kind, name[:200])


def as_part(artifact: FileRef) -> Part:
    """What Google is sent for an artifact that has an ``address``."""
    part: Part = {"fileData": {"fileUri": artifact["address"], "mimeType": artifact["mimeType"]}}
    offsets = {"startOffset": artifact.get("startS"), "endOffset": artifact.get("endS")}
    if given := {name: f"{at}s" for name, at in offsets.items() if at is not None}:
        part["videoMetadata"] = given
    return part


def _public(text: str) -> SplitResult:
    """Raises ``ValueError`` for what is no https address of the public web."""
    # Nothing is fetched here, so this guards no network of ours. It keeps what can only be private
    # from leaving for Google: names inside a company, bare numbers in whatever notation, a user and
    # password in an address. Backslashes and spaces are read differently by different parsers of
    # addresses, and who checks one host while another is fetched has checked nothing.
    if len(text) > MAX_CHARS or not _PLAIN.fullmatch(text) or "\\" in text:
        raise ValueError(HINT)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(HINT) from None
    host = parts.hostname or ""
    top = host.rpartition(".")[2]
    is_public = _HOST.fullmatch(host) and not top.isdigit() and top not in _PRIVATE
    if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443) or not is_public:
        raise ValueError(HINT)
    if top.startswith("0x"):
        raise ValueError(HINT)
    return parts


def _video_id(parts: SplitResult) -> str:
    if parts.hostname == "youtu.be":
        match = _ID.fullmatch(parts.path.strip("/"))
        return match[0] if match else ""
    if parts.hostname not in _YOUTUBE:
        return ""
    if parts.path.rstrip("/") == "/watch":
        match = _ID.fullmatch(parse_qs(parts.query).get("v", [""])[0])
        return match[0] if match else ""
    match = _PATHS.fullmatch(parts.path)
    return match[1] if match else ""


def _video(video: str, parts: SplitResult, start_s: int | None, end_s: int | None) -> Address:
    query = {**parse_qs(parts.query), **parse_qs(parts.fragment)}
    start = _seconds(query, "t", "start", "time_continue") if start_s is None else start_s
    end = _seconds(query, "end") if end_s is None else end_s
    for offset in (start, end):
        if offset is not None and not 0 <= offset <= MAX_OFFSET_S:
            raise ValueError("A place in a video is 0 seconds to 24 hours from its start.")
    if end is not None and end <= (start or 0):
        raise ValueError("A part of a video has to end after it begins.")
    # One spelling for all links to a video: it is known by it, and shown and counted once.
    url = f"https://www.youtube.com/watch?v={video}"
    return Address(url, VIDEO, f"YouTube video {video}", start or None, end)


def _seconds(query: dict[str, list[str]], *names: str) -> int | None:
    """``90``, ``90s`` or ``1h2m3s`` in seconds; None for none, and for what is no time."""
    text = next((query[name][0] for name in names if name in query), "")
    match = _TIME.fullmatch(text)
    if not text or match is None:
        return None
    hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return hours * 3_600 + minutes * 60 + seconds
