"""Draws ids from records that exist, so that requests get past the first look-up; and counts."""

import json
import os
import random
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis

BASE = os.environ["FUZZ_URL"]
RESOURCES = ("obras", "autores", "editoras")
WRITES = ("POST", "PUT", "PATCH", "DELETE")

dice = random.Random(os.environ.get("FUZZ_SEED", "1"))
COUNTS = Path(os.environ["FUZZ_COUNTS"])
counts: Counter[str] = Counter(json.loads(COUNTS.read_text()) if COUNTS.exists() else {})
pools = {
    name: [row["id"] for row in requests.get(f"{BASE}/{name}/?page_size=200").json()["results"]]
    for name in RESOURCES
}


def existing(resource: str) -> int:
    """Return the id of a record that exists, nearly always."""
    return dice.choice(pools.get(resource) or [1])


def is_id(value: Any) -> bool:
    """Tell what could be an id."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.isascii() and value.isdigit()
    )


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Put the id of a record of the resource in the path, four times in five."""
    if path_parameters and is_id(path_parameters.get("id")) and dice.random() < 0.8:
        resource = context.operation.path.split("/")[1]
        path_parameters["id"] = existing(resource)
    return path_parameters


@schemathesis.hook
def map_headers(context: Any, headers: Any) -> Any:
    """Let most conditions hold, and use most idempotency keys once."""
    for name in list(headers or {}):
        if name == "If-Match" and dice.random() < 0.9:
            headers[name] = "*"
        if name == "Idempotency-Key" and dice.random() < 0.95:
            headers[name] = uuid.UUID(int=dice.getrandbits(128)).hex
    return headers


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Refer to authors and publishers that exist."""
    if isinstance(body, dict) and dice.random() < 0.9:
        authors = body.get("autores")
        if isinstance(authors, list) and all(map(is_id, authors)):
            body["autores"] = list({existing("autores") for _ in authors[:5]})
        if is_id(body.get("editora")):
            body["editora"] = existing("editoras")
    return body


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the answer, and follow what was created and deleted."""
    counts["requests"] += 1
    counts[f"status {response.status_code}"] += 1
    if case.method.upper() in WRITES:
        counts["writes"] += 1
        counts["accepted writes"] += 200 <= response.status_code < 300
    resource = case.operation.path.split("/")[1]
    if response.status_code == 201:
        pools[resource].append(response.json()["id"])
    elif response.status_code == 204:
        key = int(str(case.path_parameters["id"]))
        pools[resource] = [other for other in pools[resource] if other != key]
    COUNTS.write_text(json.dumps(counts), encoding="utf-8")
