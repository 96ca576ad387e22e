"""Sounds and videos: what they are by their container and its tracks, as MediaInfo reads them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pymediainfo import MediaInfo

from common.errors import AppError
from conversations.files.formats.results import bad_file, unsupported_file

# By MediaInfo's name of the container: the type of a sound and of a video in it. Empty: Gemini
# does not take it. Its lists: https://ai.google.dev/gemini-api/docs/audio#supported-formats,
# /docs/video-understanding#supported-formats, and for M4A, WebM and 3GP
# https://firebase.google.com/docs/ai-logic/input-file-requirements, as read in November 2026.
CONTAINERS = {
    "MPEG-4": ("audio/mp4", "video/mp4"),
    "WebM": ("audio/webm", "video/webm"),
    "MPEG Audio": ("audio/mpeg", ""),
    "Wave": ("audio/wav", ""),
    "AIFF": ("audio/aiff", ""),
    "FLAC": ("audio/flac", ""),
    "Ogg": ("audio/ogg", ""),
    "ADTS": ("audio/aac", ""),
    "AVI": ("", "video/x-msvideo"),
    "Windows Media": ("", "video/x-ms-wmv"),
    "Flash Video": ("", "video/x-flv"),
    "MPEG-PS": ("", "video/mpeg"),
}


@dataclass(frozen=True, slots=True)
class Media:
    """What MediaInfo says of a file: its container, and which kinds of tracks it has."""

    container: str
    profile: str
    brand: str
    tracks: frozenset[str]  # Video, Audio, Image, ...


def read_media(data: bytes) -> Media | None:
    """The file as sound, video or picture; None if it is none of them."""
    # By tracks, because brands and names are not kept to: an MP4 without a picture is a sound.
    tracks: list[Any] = MediaInfo.parse(BytesIO(data)).tracks
    general, *rest = tracks
    pictures = any(track.track_type == "Image" for track in rest)
    boxes = data[4:8] == b"ftyp" and not pictures  # MediaInfo names an unknown brand instead
    media = Media(
        container="MPEG-4" if boxes else general.format or "",
        profile=general.format_profile or "",
        brand=(general.codec_id or "").strip(),
        tracks=frozenset(track.track_type for track in rest),
    )
    known = media.container in CONTAINERS or media.tracks & {"Video", "Audio", "Image"}
    return media if known else None


def media_type(media: Media) -> str:
    """The MIME type of a sound or video that Gemini takes.

    Raises:
        AppError: ``bad_file`` for one without a track, ``unsupported_file`` naming what it is.
    """
    sound, video = CONTAINERS.get(media.container, ("", ""))
    if "Video" in media.tracks:
        if not video:
            raise _unsupported(media, "video", "an MP4")
        return _variant(media, video)
    if "Audio" in media.tracks:
        if not sound:
            raise _unsupported(media, "sound", "an MP3")
        return sound
    if "Image" in media.tracks:
        raise _unsupported(media, "picture", "a PNG or a JPEG")
    raise bad_file(
        "No picture and no sound can be found in this file. It may be cut off, or still being "
        "recorded. Try another copy of it."
    )


def _variant(media: Media, video: str) -> str:
    if video == "video/mp4" and media.profile == "QuickTime":
        return "video/quicktime"
    if video == "video/mp4" and media.brand.startswith(("3gp", "3g2")):
        return "video/3gpp"
    return video


def _unsupported(media: Media, kind: str, instead: str) -> AppError:
    return unsupported_file(
        f"Gemini takes no {kind} in this format ({media.container}). Make {instead} of it, then "
        "send that."
    )
