"""Every fault, at length: ``python -m biblioteca.tests.faults.run [--seconds 30]``."""

import argparse
import sys
import tempfile
from pathlib import Path

from biblioteca.tests.faults import scenarios
from biblioteca.tests.faults.traffic import run_traffic
from biblioteca.tests.faults.world import world


def main(arguments: list[str]) -> int:
    """Run every scenario and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=3)
    options = parser.parse_args(arguments)
    scenarios.PAUSE_SECONDS = 5.0
    bad = 0
    with (
        tempfile.TemporaryDirectory() as name,
        world(Path(name), processes=options.processes) as made,
    ):
        for fault in scenarios.WITH_REDIS:
            bad += report(fault.__name__, run_traffic(made, options.seconds, fault, readers=16))
    with (
        tempfile.TemporaryDirectory() as name,
        world(Path(name), processes=options.processes, with_redis=False) as made,
    ):
        bad += report("without Redis, SQLite", run_traffic(made, options.seconds, readers=16))
    return int(bad > 0)


def report(name: str, verdict: object) -> int:
    """Print a verdict; return how much was wrong."""
    sys.stdout.write(f"{name:<24}{verdict}\n")
    sys.stdout.flush()
    wrong = [*verdict.stale, *verdict.failed]
    for line in wrong[:3]:
        sys.stdout.write(f"    {line[:300]}\n")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
