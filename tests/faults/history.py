"""What was seen, as JSON lines: by every client, by whoever makes trouble, and in the end stored.

===============  ===============================================================================
what             fields
===============  ===============================================================================
plan             database, redis (whether there is one), processes
send             client, run, message, thread, text, speaker, expected, calls, bulk: before it is
                 sent
accepted         client, run, message
rejected         client, run, code
stop             client, run: before it is sent
event            client, run, seq, event
resync           client, run, reason
snapshot         client, run, status, last_seq, events: the folded events of a page load
over             client, run: the client holds all of it
connected, cut   client
used             client, sent_at: served by a right, other than by a run
right_ended      client, kind, run, code, signs_out: it is so; what was running on it, and the code
                 that run has to end with
upload           client, kind (honest, bomb, costly), name, status, code, same (it was given back
                 as it was sent), after_s
fault            kind, and what it hit; ``pid`` if it hit a process
healed           kind, pid: of a fault that lasts, but for a process that ended
stored_run       run, status, outcome, error_code, last_seq, lease_owner, finished_at
stored_event     run, seq, event
stored_message   message, run, role, text
upstream         run, calls: how often the model was asked this very question
upstream_closed  run, at: the server closed its connection to the model
process          pid, kind (server, worker), peak_bytes (resident), workers (of a server, at once)
quiet            running, open, after_s: what was left when everything had been healed for a while
ready            pid, status, failing: what each process said of itself after that
listeners        count: how many listen to our channel in Redis
===============  ===============================================================================
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
