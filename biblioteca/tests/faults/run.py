"""Every fault, at length: ``python -m biblioteca.tests.faults.run [--seconds 30]``."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import own_servers
from biblioteca.tests.faults import load, scenarios
from biblioteca.tests.faults.loads import (
    Shop,
    disturbed_load,
    kill,
    undisturbed_load,
    write_table,
)
from biblioteca.tests.faults.traffic import Verdict, run_traffic
from biblioteca.tests.faults.world import world


def main(arguments: list[str]) -> int:
    """Run every scenario and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--works", type=int, default=100_000, help="records of a disturbed load")
    options = parser.parse_args(arguments)
    scenarios.PAUSE_SECONDS = 5.0
    bad = 0
    with (
        tempfile.TemporaryDirectory() as name,
        world(Path(name), processes=options.processes) as made,
    ):
        for fault in scenarios.WITH_REDIS:
            bad += report(fault.__name__, run_traffic(made, options.seconds, fault, readers=16))
    with own_mariadb() as database:
        few_connections = {"DATABASE_URL": database, "SERVING_THREADS": "4"}
        for engine, environment in (("SQLite", {}), ("MariaDB", few_connections)):
            with (
                tempfile.TemporaryDirectory() as name,
                world(
                    Path(name), processes=options.processes, with_redis=False, **environment
                ) as made,
            ):
                verdict = run_traffic(made, options.seconds, readers=16)
                bad += report(f"without Redis, {engine}", verdict)
        with tempfile.TemporaryDirectory() as name:
            crowd = load.many_clients(Path(name), 500, options.seconds, DATABASE_URL=database)
        load.say(f"500 clients, 8 threads, MariaDB with max_connections=20: {crowd}")
        bad += crowd.broken + crowd.without_retry + len(crowd.codes.keys() - {"200", "overloaded"})
    bad += loads(options.seconds)
    disturbed_loads(options.works)
    return int(bad > 0)


def loads(seconds: float) -> int:
    """Run what strains the service; return how much was wrong."""
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        alone, beside = load.beside_slow_clients(Path(name), 50, seconds)
    load.say(f"beside 50 slow clients: p99 {beside.p99 / alone.p99:.2f} times that without them")
    bad += beside.p99 > 2 * alone.p99
    with tempfile.TemporaryDirectory() as name:
        crowd, first, second = load.distinct_requests(Path(name), 100_000)
    load.say(f"100,000 distinct requests, 4 MB for answers: {crowd}; memory grew by {first:.0f} MB "
             f"in the first half and {second:.0f} MB in the second")  # fmt: skip
    bad += second > 20
    with tempfile.TemporaryDirectory() as name:
        uncached, hanging, back = load.redis_stopped(Path(name), seconds)
    load.say(f"while Redis hangs: p99 {hanging.p99 / uncached.p99:.2f} times the uncached one; "
             f"hits again {back:.1f} s after its return")  # fmt: skip
    bad += hanging.p99 > 3 * uncached.p99 or back > 5
    return bad


def disturbed_loads(works: int) -> None:
    """Kill a load ten times, and its database five times. Raises AssertionError at a difference."""
    own_servers.install_programs()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        server = own_servers.MariaDB(directory)
        server.install()
        server.start()

        def restart(process: subprocess.Popen) -> None:
            server.kill()
            process.wait()
            server.start()

        try:
            for what, times, disturb in (
                ("killed", 10, kill),
                ("database restarted", 5, restart),
            ):
                table = directory / f"{times}.csv"
                write_table(table, works, seed=times)
                shops = []
                for place in ("mine", "alone"):
                    base = directory / f"{place}{times}"
                    base.mkdir()
                    create_database(server.port, base.name)
                    shops.append(Shop(base, f"mysql://root@127.0.0.1:{server.port}/{base.name}"))
                alone = undisturbed_load(shops[1], table)
                seen = disturbed_load(shops[0], table, alone, times, disturb)
                load.say(f"load of {works} records {what} {times} times (works there after each: "
                         f"{seen['after']}), then run again: the catalogue of an undisturbed one, "
                         f"{seen['catalogue']}")  # fmt: skip
        finally:
            server.stop()


def create_database(port: int, name: str) -> None:
    """Make one more database."""
    import MySQLdb

    link = MySQLdb.connect(host="127.0.0.1", port=port, user="root")
    link.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    link.close()


@contextmanager
def own_mariadb() -> Iterator[str]:
    """Run a MariaDB that takes twenty connections and give the address of an empty database."""
    own_servers.install_programs()
    with (
        tempfile.TemporaryDirectory() as name,
        own_servers.mariadb(Path(name), "--max-connections=20") as address,
    ):
        yield address


def report(name: str, verdict: Verdict) -> int:
    """Print a verdict; return how much was wrong."""
    sys.stdout.write(f"{name:<24}{verdict}\n")
    sys.stdout.flush()
    wrong = [*verdict.stale, *verdict.failed, *verdict.refused]
    for line in wrong[:3]:
        sys.stdout.write(f"    {line[:300]}\n")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
