"""What was seen, as JSON lines: by every client, by whoever makes trouble, and in the end stored.

==============  ================================================================================
what            fields
==============  ================================================================================
send            client, run, message, thread, text, speaker, expected, calls: before it is sent
accepted        client, run, message
rejected        client, run, code
stop            client, run: before it is sent
event           client, run, seq, event
resync          client, run, reason
snapshot        client, run, status, last_seq, events: the folded events of a page load
over            client, run: the client holds all of it
connected, cut  client
fault           kind, and what it hit; ``pid`` if a process died of it
stored_run      run, status, outcome, error_code, last_seq, lease_owner, finished_at
stored_event    run, seq, event
stored_message  message, run, role, text
upstream        run, calls: how often the model was asked this very question
quiet           running, open, after_s: what was left when everything had been healed for a while
==============  ================================================================================
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class History:
    """Entries in the order they happened, with the time of each."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def note(self, what: str, **fields: Any) -> None:
        self.entries.append({"t": time.time(), "what": what, **fields})

    def write(self, path: Path) -> None:
        lines = (json.dumps(entry, ensure_ascii=False, default=str) for entry in self.entries)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
