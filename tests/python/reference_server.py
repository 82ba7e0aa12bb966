"""Serves the published package's store in memory, for the benchmark to compare with.

Says where it listens in the words of the other servers, and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import logging
import socket

from agentlightning.store.client_server import LightningStoreServer
from agentlightning.store.memory import InMemoryLightningStore


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def serve() -> None:
    port = free_port()
    # As `agl store` starts it.
    store = InMemoryLightningStore(thread_safe=True)
    server = LightningStoreServer(store, host="127.0.0.1", port=port, launch_mode="asyncio")
    await server.start()
    print(f"listening on http://127.0.0.1:{port} (ready)", flush=True)
    await asyncio.Event().wait()


logging.disable(logging.INFO)
asyncio.run(serve())
