"""Where recorded Gemini traffic lies, for the tests that replay it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
FOLDER = Path(
    os.environ.get("GEMINI_RECORDINGS", _ROOT.parent / "shared" / "gemini-recordings")
).resolve()


def recorded(*methods: str) -> list[dict[str, Any]]:
    """The recordings of these methods; none if the folder is not there."""
    found = [json.loads(file.read_bytes()) for file in sorted(FOLDER.glob("*.json"))]
    return [one for one in found if one["method"] in methods]


def name_of(recording: dict[str, Any]) -> str:
    return str(recording["id"])
