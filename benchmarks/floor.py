"""The floor: what a straightforward program does, google-genai streamed into a bare web socket.

No sign-in, no log, no ids, no second reader, no stop. It is a fair floor: the HTTP client and the
TLS context are shared, so that each question is spared the SDK's 80 ms of setting up.

    python -m benchmarks.floor http://127.0.0.1:8089 AIza...
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress

import httpx2
from google import genai
from google.genai import types
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

MODEL = "gemini-3.8-flash"


def client_for(base_url: str, key: str) -> genai.Client:
    tls = httpx2.create_ssl_context()
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=200)
    options = types.HttpOptions(
        base_url=base_url,
        api_version="v1beta",
        httpx_client=httpx2.Client(verify=tls),
        httpx_async_client=httpx2.AsyncClient(verify=tls, limits=limits, timeout=None),
        async_client_args={"ssl": tls},
    )
    return genai.Client(api_key=key, http_options=options)


async def main(base_url: str, key: str) -> None:
    client = client_for(base_url, key)

    async def answer(ws: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            async for question in ws:
                async for chunk in await client.aio.models.generate_content_stream(
                    model=MODEL, contents=str(question)
                ):
                    if chunk.text:
                        await ws.send(json.dumps({"delta": chunk.text}))
                await ws.send('{"done": true}')

    # Compression is off as in the product's own deployment, and no client here asks for it.
    async with serve(answer, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"floor listening on http://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1], sys.argv[2]))
