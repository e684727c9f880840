"""Bare Uvicorn: what the read cache is measured against.

``BENCH_ANSWERS`` names a JSON file: for each path the headers and the body that the service itself
gave. Below ``/redis`` the body comes from Redis by one GET of redis-py.
"""

import json
import os
from pathlib import Path
from typing import Any

import redis.asyncio

ANSWERS = {
    path: (
        [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer["headers"]],
        answer["body"].encode(),
    )
    for path, answer in json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text()).items()
}
client = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"])


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer a path with its fixed headers and body."""
    path = scope["path"] if scope["path"] != "/" else "/obras/1"
    if path.startswith("/redis"):
        path = path[len("/redis") :]
        headers, _body = ANSWERS[path]
        body = await client.get("bench:" + path)
    else:
        headers, body = ANSWERS[path]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
