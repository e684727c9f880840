"""The test suite on every database that can be reached, and a table of what was tested.

``python -m biblioteca.tests.engines [pytest arguments]``. With ``CI=true`` an engine that is not
there is a failure.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
# Two checkouts on one machine do not meet.
DATABASE = "test_biblioteca_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
MYSQL_URL = os.environ.get("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/")
POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
BROWSER_SECONDS = 300
NONE_CHOSEN = 5  # pytest.ExitCode.NO_TESTS_COLLECTED
# Where the tests of a row are, by their mark: nothing else is imported for it.
PLACES = {"browser": "biblioteca/tests/browser", "redis": "biblioteca/tests"}
HEADERS = ["libmariadb-dev", "pkg-config", "gcc", "python3-dev"]


@dataclass
class Run:
    """What became of one engine."""

    engine: str
    version: str = ""
    outcome: str = "not tested"
    reason: str = ""
    counts: Counter = field(default_factory=Counter)
    skips: Counter = field(default_factory=Counter)
    seconds: float = 0.0


def say(text: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Run everything, print the table, return the exit status."""
    if not chromium() and may_install():
        say("Installing chromium for the browser tests…")
        install_packages("chromium")
    runs = [
        run_suite(
            Run("SQLite", sqlite_version()),
            {"DATABASE_URL": ""},
            ["-m", "not redis and not browser", *arguments],
        ),
        in_browser(arguments),
        on_server("MariaDB", MYSQL_URL, arguments),
        on_server("PostgreSQL", POSTGRES_URL, arguments),
        on_redis(arguments),
    ]
    strict = os.environ.get("CI") == "true"
    report(runs, strict)
    passed = sum(run.counts["passed"] for run in runs)
    failed = sum(run.counts["failed"] for run in runs)
    skipped = sum(run.counts["skipped"] for run in runs)
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    bad = {"failed", "not tested"} if strict else {"failed"}
    if not arguments:
        bad.add("none chosen")
    return int(any(run.outcome in bad for run in runs))


def chromium() -> str | None:
    """Return the path of the system's Chromium, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def sqlite_version() -> str:
    """Return the version of the SQLite library."""
    import sqlite3

    return sqlite3.sqlite_version


def on_server(engine: str, url: str, arguments: list[str]) -> Run:
    """Run the suite on a database server, in databases of its own."""
    run = Run(engine)
    try:
        if engine == "MariaDB":
            install_mysqlclient()
        run.version = clean_server(engine, url)
    except UnreachableError as error:
        run.reason = str(error)
        return run
    environment = {"DATABASE_URL": url, "TEST_DATABASE_NAME": DATABASE}
    # What starts a server of its own does so once, on SQLite; so does what no engine decides.
    elsewhere = "not (served or once or redis or browser)"
    run_suite(run, environment, ["-m", elsewhere, *arguments])
    clean_server(engine, url)
    return run


def on_redis(arguments: list[str]) -> Run:
    """Run what needs Redis, on servers that the tests start themselves."""
    run = Run("Redis")
    if shutil.which("redis-server") is None and may_install():
        say("Installing redis-server for the tests of the cache…")
        install_packages("redis-server")
    program = shutil.which("redis-server")
    if program is None:
        run.reason = "there is no redis-server (Debian: sudo apt-get install redis-server)"
        return run
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    run.version = version.partition("v=")[2].partition(" ")[0]
    return run_suite(run, {"DATABASE_URL": ""}, ["-m", "redis", *(arguments or [PLACES["redis"]])])


def in_browser(arguments: list[str]) -> Run:
    """Run what an editor does in a browser, for BROWSER_SECONDS at most."""
    run = Run("Chromium")
    program = chromium()
    if program is None:
        run.reason = "there is no chromium (Debian: sudo apt-get install chromium)"
        return run
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    run.version = version.removeprefix("Chromium ").split(" ")[0].strip()
    selected = ["-m", "browser", *(arguments or [PLACES["browser"]])]
    return run_suite(run, {"DATABASE_URL": ""}, selected, BROWSER_SECONDS)


class UnreachableError(Exception):
    """The engine cannot be tested here; the text says why and what to do."""


def run_suite(
    run: Run, environment: dict[str, str], arguments: list[str], most_seconds: float | None = None
) -> Run:
    """Run pytest once, fill in what came of it and return ``run``.

    After ``most_seconds`` it is ended, and has failed.
    """
    say(f"\n=== {run.engine} {run.version}")
    workers = os.environ.get("TEST_WORKERS", str(os.cpu_count() or 1))
    with tempfile.TemporaryDirectory() as directory:
        results = Path(directory) / "results.xml"
        command = [
            sys.executable, "-m", "pytest", "-q", "--no-header", "-r", "fE", "--tb=short",
            "-n", workers, "--dist", "loadfile", "--create-db", f"--junit-xml={results}",
            *arguments,
        ]  # fmt: skip
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
        try:
            status = process.wait(most_seconds)
        except subprocess.TimeoutExpired:
            say(f"\n{run.engine}: not done after {most_seconds} seconds, ended")
            status = end(process)
        run.seconds = time.monotonic() - started
        if results.exists():
            count_results(run, results)
    run.outcome = {0: "passed", NONE_CHOSEN: "none chosen"}.get(status, "failed")
    if run.outcome == "failed" and not run.counts["failed"]:
        run.counts["failed"] += 1  # pytest itself failed
    return run


def end(process: subprocess.Popen) -> int:
    """End a test run as Ctrl-C does, so that its servers end too; return an exit status."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return process.returncode or 1


def count_results(run: Run, results: Path) -> None:
    """Count the tests of a junit file by outcome, and the reasons of those skipped."""
    for case in ElementTree.parse(results).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            run.counts["failed"] += 1
        elif (skip := case.find("skipped")) is not None:
            run.counts["skipped"] += 1
            run.skips[skip.get("message", "")] += 1
        else:
            run.counts["passed"] += 1


def report(runs: list[Run], strict: bool) -> None:
    """Print why tests were skipped and what each engine did."""
    say()
    for reason, count in sum((run.skips for run in runs), Counter()).items():
        say(f"SKIPPED {count}: {reason}")
    for run in runs:
        if run.outcome == "not tested":
            say(f"NOT TESTED on {run.engine}: {run.reason}")
    say(f"{'engine':<12}{'version':<28}{'tests':>7}{'skipped':>9}{'seconds':>9}  result")
    for run in runs:
        tests = run.counts["passed"] + run.counts["failed"]
        missing = strict and run.outcome == "not tested"
        result = run.outcome + (" (a failure with CI=true)" if missing else "")
        say(
            f"{run.engine:<12}{run.version[:27]:<28}{tests:>7}{run.counts['skipped']:>9}"
            f"{run.seconds:>9.0f}  {result}"
        )
    say()


def clean_server(engine: str, url: str) -> str:
    """Drop what an earlier run left and return the server's version. Raises UnreachableError."""
    parts = urlsplit(url)
    host, user, password = parts.hostname or "127.0.0.1", parts.username, parts.password
    secret: dict[str, Any] = {"password": unquote(password)} if password else {}
    try:
        if engine == "MariaDB":
            import MySQLdb

            connection = MySQLdb.connect(
                host=host, port=parts.port or 3306, user=user or "root", connect_timeout=5, **secret
            )
            listing, quote = "SHOW DATABASES LIKE 'test\\_biblioteca\\_%'", "`"
        else:
            import psycopg

            connection = psycopg.connect(
                host=host, port=parts.port or 5432, user=user or "postgres", connect_timeout=5,
                dbname=parts.path.lstrip("/") or "postgres", autocommit=True, **secret,
            )  # fmt: skip
            listing = "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_biblioteca\\_%'"
            quote = '"'
    except Exception as error:
        where = f"{host}:{parts.port or ''}"
        raise UnreachableError(f"could not connect to {where} ({str(error).strip()})") from error
    cursor = connection.cursor()
    cursor.execute("SELECT version()")
    version = str(cursor.fetchone()[0])
    cursor.execute(listing)
    for (name,) in cursor.fetchall():
        if re.fullmatch(rf"{DATABASE}(_gw\d+)?", name):
            cursor.execute(f"DROP DATABASE {quote}{name}{quote}")
    connection.close()
    return version.removeprefix("PostgreSQL ")


def install_mysqlclient() -> None:
    """Build the pinned MariaDB driver, which has no Linux wheel. Raises UnreachableError."""
    try:
        import MySQLdb  # noqa: F401
    except ImportError:
        pass
    else:
        return
    say("Building mysqlclient for the tests on MariaDB…")
    if build_mysqlclient():
        return
    if may_install() and install_packages(*HEADERS) and build_mysqlclient():
        return
    raise UnreachableError(
        "mysqlclient cannot be built: install the client library's headers "
        f"(Debian: sudo apt-get install {' '.join(HEADERS)}) and run again"
    )


def build_mysqlclient() -> bool:
    """Install mysqlclient as pinned and hashed for production; tell whether that worked."""
    pinned = (ROOT / "requirements" / "production.txt").read_text(encoding="utf-8")
    found = re.search(r"^mysqlclient==.*\n(?:    --hash.*\n)+", pinned, re.MULTILINE)
    if found is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(found[0])
        file.flush()
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        command = [*pip, "--require-hashes", "--no-deps", "-r", file.name]
        return subprocess.run(command, capture_output=True).returncode == 0


def may_install() -> bool:
    """Tell whether this process can add packages of the distribution."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_packages(*packages: str) -> bool:
    """Install packages of the distribution; tell whether that worked."""
    install = ["apt-get", "install", "-y", "-qq", *packages]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(install, env=quiet, capture_output=True).returncode == 0:
        return True
    subprocess.run(["apt-get", "update", "-qq"], capture_output=True)
    return subprocess.run(install, env=quiet, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
