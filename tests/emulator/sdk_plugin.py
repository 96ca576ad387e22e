"""A pytest plugin for Google's own suite: its clients talk to the emulator, its tests lie here.

Loaded with ``-p`` in the process that runs the suite, never by ours. The wheel ships the tests
without the pictures they read, so they run from a copy beside stand-ins for those.
"""

from __future__ import annotations

import functools
import os
import ssl
from typing import Any

import google.genai
import httpx2
from google.genai import _replay_api_client

# The copy comes first when ``google.genai.tests`` is imported.
google.genai.__path__.insert(0, os.environ["SDK_SUITE_FOLDER"])

# Each test makes a client, and each client three TLS contexts that nobody uses: one will do.
_create_context: Any = functools.cache(ssl.create_default_context)
ssl.create_default_context = _create_context
httpx2.create_ssl_context = functools.cache(httpx2.create_ssl_context)

_make: Any = _replay_api_client.ReplayApiClient.__init__


def _make_for_emulator(self: Any, *args: Any, http_options: Any = None, **kwargs: Any) -> None:
    """As the suite makes its client, with the emulator's address."""
    there = {"base_url": os.environ["EMULATOR_BASE_URL"]}
    if hasattr(http_options, "model_dump"):
        http_options = http_options.model_dump(exclude_unset=True)
    _make(self, *args, http_options=(http_options or {}) | there, **kwargs)


_replay_api_client.ReplayApiClient.__init__ = _make_for_emulator  # type: ignore[method-assign]
