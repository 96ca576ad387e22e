"""AG-UI's own client from npm, which checks every event it gets."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import ROOT, ChatServer, Person

STREAM = "/chat/stream"
PACKAGE = ROOT / "web" / "node_modules" / "@ag-ui" / "client"

needs_node = pytest.mark.skipif(
    not (shutil.which("node") and PACKAGE.is_dir()), reason="node or web/node_modules is missing"
)


async def standard_client(
    server: ChatServer, person: Person, questions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Ask in one new thread; returns ``{threadId, messages, types}``, once nothing went wrong.

    Args:
        questions: ``{"content", "forwardedProps"?}`` each.
    """
    script = Path(__file__).with_name("http_agent.mjs")
    ran = await asyncio.to_thread(
        subprocess.run,
        ["node", str(script), f"{server.url}{STREAM}", PACKAGE.as_uri()],
        input=json.dumps({"token": person.access, "questions": questions}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    assert said.pop("errors") == []
    return said
