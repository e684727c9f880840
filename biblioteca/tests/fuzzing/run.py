"""Generated requests on SQLite and MariaDB: ``python -m biblioteca.tests.fuzzing.run``."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from biblioteca.tests.engines import (
    DATABASE,
    MYSQL_URL,
    UnreachableError,
    clean_server,
    install_mysqlclient,
    say,
)
from biblioteca.tests.servers import ROOT, serving

CONFIGURATION = ROOT / "biblioteca" / "tests" / "fuzzing" / "schemathesis.toml"
LEAST_ACCEPTED = 0.2
OPERATIONS = 22 * 9


# First what is at the edges and beyond of what the document allows; then what is within it.
RUNS = (("examples,coverage,fuzzing", "all", 1), ("fuzzing", "positive", 8))


def fuzz(address: str, directory: Path, examples: int, seed: int) -> tuple[int, Counter, str]:
    """Send generated requests to a server; return the exit status, the counts and the report.

    ``examples`` is how many requests are generated for each operation, beside the fixed ones.
    """
    counts = directory / "counts.json"
    environment = os.environ | {
        "FUZZ_URL": address,
        "FUZZ_COUNTS": str(counts),
        "PYTHONPATH": str(ROOT),
    }
    status, report = 0, ""
    for phases, mode, times in RUNS:
        command = [
            str(Path(sys.executable).parent / "st"), "--config-file", str(CONFIGURATION), "run",
            f"{address}/schema/?format=json", "--phases", phases, "--mode", mode,
            "-n", str(examples * times), "--no-color", "--generation-database", "none",
            "--seed", str(seed),
        ]  # fmt: skip
        result = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True
        )
        status, report = status or result.returncode, report + result.stdout + result.stderr
    found = Counter(json.loads(counts.read_text())) if counts.exists() else Counter()
    return status, found, report


def verdict(engine: str, status: int, counts: Counter, report: str) -> bool:
    """Print what came of a run; tell whether it was good."""
    share = counts["accepted writes"] / max(counts["writes"], 1)
    requests, writes = counts["requests"], counts["writes"]
    say(f"{engine}: {requests} requests, {share:.0%} of {writes} writes accepted")
    say("  " + ", ".join(f"{key} {n}" for key, n in sorted(counts.items()) if "status" in key))
    if status:
        say(report[-6000:])
    if share < LEAST_ACCEPTED:
        say(f"  too few writes were accepted: {LEAST_ACCEPTED:.0%} is the least")
    return status == 0 and share >= LEAST_ACCEPTED


def main() -> int:
    """Run on both engines."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    good = True
    for engine in ("SQLite", "MariaDB"):
        environment = {}
        if engine == "MariaDB":
            try:
                install_mysqlclient()
                clean_server(engine, MYSQL_URL)
            except UnreachableError as error:
                say(f"NOT TESTED on MariaDB: {error}")
                good = good and os.environ.get("CI") != "true"
                continue
            subprocess.run(
                [sys.executable, "-c", CREATE, MYSQL_URL, DATABASE], check=True, cwd=ROOT
            )
            environment = {"DATABASE_URL": f"{MYSQL_URL.rstrip('/')}/{DATABASE}"}
        with tempfile.TemporaryDirectory() as name, serving(Path(name), **environment) as address:
            examples = options.requests // OPERATIONS + 1
            outcome = fuzz(address, Path(name), examples, options.seed)
            good &= verdict(engine, *outcome)
        if engine == "MariaDB":
            clean_server(engine, MYSQL_URL)
    return 0 if good else 1


CREATE = """
import sys
from urllib.parse import urlsplit
import MySQLdb
url = urlsplit(sys.argv[1])
link = MySQLdb.connect(host=url.hostname, port=url.port or 3306, user=url.username or "root",
                       passwd=url.password or "")
link.cursor().execute(f"CREATE DATABASE {sys.argv[2]} CHARACTER SET utf8mb4")
"""


if __name__ == "__main__":
    sys.exit(main())
