"""The ASGI entry point: ``daphne chatproject.asgi:application``, or uvicorn with the same name."""

from __future__ import annotations

import gc
import os
import resource
import sys
from typing import Any

from django.core.asgi import get_asgi_application

from chatproject.private import restrict_umask

restrict_umask()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproject.settings")
django_app = get_asgi_application()

# Django has to be set up before our own modules are imported, hence the order of this file.
from accounts.tokens import authenticate, bearer_token  # noqa: E402
from agents.runs import manager  # noqa: E402
from agents.transports import sse  # noqa: E402
from agents.transports.consumers import ChatConsumer  # noqa: E402
from apikeys import master_key  # noqa: E402
from chatproject import checks  # noqa: E402
from chatproject.daphne_end import before_daphne_ends  # noqa: E402
from chatproject.redaction import redact_uncaught  # noqa: E402
from chatproject.routing import ProtocolRouter  # noqa: E402
from common.database import in_database  # noqa: E402

redact_uncaught()
# Neither uvicorn nor daphne runs Django's checks: an unsafe setting would be found by ``manage.py``
# alone.
checks.refuse_bad_settings()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # an opened key must not end up in a core file


async def identify(scope: Any) -> int:
    """The id of the user whose token a request carries. Raises ``AppError``."""
    token = bearer_token(dict(scope["headers"]).get(b"authorization", b""))
    return (await in_database(authenticate, token)).user_id


async def startup() -> None:
    await in_database(master_key.log_if_wrong)
    await manager.startup()


application = ProtocolRouter(
    pages=django_app,
    stream=sse.application,
    socket=ChatConsumer.as_asgi(),
    identify=identify,
    startup=startup,
    shutdown=manager.shutdown,
)
before_daphne_ends(manager.interrupt)

# The event loop waits this long for a thread that works on the database, not five times as long.
sys.setswitchinterval(0.001)

# What was imported stays: the collector need not look through it again and again.
gc.collect()
gc.freeze()
