"""A running emulator and Google's own SDK in front of it."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from google import genai
from google.genai import types

from emulator.testing import Emulator, running

RECORDINGS = Path(
    os.environ.get("GEMINI_RECORDINGS")
    or Path(__file__).parents[2].parent / "shared" / "gemini-recordings"
)

MakeClient = Callable[..., genai.Client]


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator) -> Emulator:
    """A running one, without requests, scripts and files of earlier tests."""
    emulator_server.clear()
    return emulator_server


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    """One for all clients: it is never used, and dear to make."""
    return httpx2.create_ssl_context()


@pytest.fixture(scope="session")
def http(tls: ssl.SSLContext) -> Iterator[httpx2.Client]:
    """A plain HTTP client, to see what the SDK hides."""
    with httpx2.Client(verify=tls) as client:
        yield client


@pytest.fixture
async def make_client(emulator: Emulator, tls: ssl.SSLContext) -> AsyncIterator[MakeClient]:
    """Makes a client of the SDK for a key; all share one connection pool."""
    with httpx2.Client(verify=tls) as plain:
        async with httpx2.AsyncClient(verify=tls) as http:

            def make(key: str = "", base_url: str = emulator.base_url) -> genai.Client:
                return genai.Client(
                    enterprise=False,
                    api_key=key or emulator.new_key(),
                    http_options=types.HttpOptions(
                        base_url=base_url,
                        api_version="v1beta",
                        httpx_client=plain,
                        httpx_async_client=http,
                        async_client_args={"ssl": tls},
                    ),
                )

            yield make


@pytest.fixture
def client(make_client: MakeClient) -> genai.Client:
    return make_client()
