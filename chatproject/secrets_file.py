"""``python -m chatproject.secrets_file .env``: make the secrets that are missing there.

Runs before anything is configured, so it knows neither Django nor the settings. What the file
or the environment already holds is never changed.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

RANDOM = ("SECRET_KEY", "JWT_SIGNING_KEY", "FERNET_KEYS")
HEADER = """\
# Made by `make run`. Not for the repository: whoever reads this file can open every stored key.
# Losing FERNET_KEYS means losing the stored keys: keep a copy of it apart from the database.
"""
EMULATOR = """
# The emulator stands in for Google. Delete this line to talk to Gemini with your own key.
GEMINI_BASE_URL=http://127.0.0.1:8089
"""


def add_missing(path: Path) -> list[str]:
    """Append what is missing to ``path``; returns the names that were added."""
    new = not path.exists()
    text = HEADER if new else path.read_text(encoding="utf-8")
    present = {line.partition("=")[0].strip() for line in text.splitlines()}
    values = {name: secrets.token_urlsafe(48) for name in RANDOM}
    values["DEMO_PASSWORD"] = secrets.token_urlsafe(12)
    missing = [name for name in values if name not in present and not _in_environment(name)]
    if not missing and not new:
        return []
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{name}={values[name]}\n" for name in missing)
    if new and not _in_environment("GEMINI_BASE_URL"):
        text += EMULATOR
    _write(path, text)
    return missing


def _in_environment(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _write(path: Path, text: str) -> None:
    """Replace the file at once, readable by its owner only from the first byte on."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    # EXCL and 0600: nobody can have put a file or a link there, and at no moment can others read
    # it.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    # At once: a process that is killed in between leaves the old file, never half of a new one.
    draft.replace(path)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    added = add_missing(target)
    if added:
        sys.stdout.write(f"Wrote {', '.join(added)} to {target}.\n")
