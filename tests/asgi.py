"""Running coroutines and applications in tests: beside a browser, as Playwright has a loop in the tests' thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it returns, run in a thread of its own."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True)
class Answer:
    """What an application answered."""

    status_code: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def get(app: ASGIApp, path: str, host: str = "127.0.0.1", headers: Mapping[str, str] | None = None) -> Answer:
    """What an application answers to a request of a client at this address."""
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "http_version": "1.1", "client": (host, 50000), "server": ("127.0.0.1", 80),
        "headers": [(name.lower().encode(), text.encode()) for name, text in (headers or {}).items()],
    }  # fmt: skip
    said: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    run(app(scope, receive, send))  # type: ignore[arg-type]
    return Answer(said[0]["status"], b"".join(one.get("body", b"") for one in said[1:]).decode())
