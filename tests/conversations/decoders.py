"""What a decoder may do, run in worker processes: this module knows no Django."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from common.errors import AppError
from conversations.files.formats.pictures import Picture


def picture_of(data: bytes) -> Picture:
    return Picture(data, 1, 2, "image/png")


def refuse(code: str) -> None:
    raise AppError(code, "Send another one.", status=415)


def spin() -> None:
    while True:
        pass


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def allocate(count: int) -> int:
    return len(bytearray(count))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fail(text: str) -> None:
    raise RuntimeError(text)


def process_id() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def modules() -> list[str]:
    return list(sys.modules)


def write(path: str) -> int:
    return Path(path).write_bytes(b"x" * 10)


def talk() -> str:
    os.write(1, b"not a reply")
    return "done"


def start_another(marker: str) -> None:
    """Waits for a program that goes on and on, and can be known by its argument."""
    subprocess.run(["sleep", marker], check=False)


def path() -> Path:
    """Not a result: its class is none of ours."""
    return Path("/")
