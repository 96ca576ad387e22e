"""daphne tells no application that it ends; its reactor does, to who asks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any


def before_daphne_ends(hook: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have ``hook`` done on daphne's event loop before it ends; nothing under other servers."""
    if "daphne.server" not in sys.modules:
        return
    from twisted.internet import reactor as installed
    from twisted.internet.defer import Deferred

    reactor: Any = installed  # its interface is declared at run time

    def done() -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(hook()))

    reactor.addSystemEventTrigger("before", "shutdown", done)
