"""Load by wrk: requests a second and the 99th percentile."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.own_servers import on_core

CLIENTS = 32

# Ids drawn anew for each request; an Origin of its own makes each request one that was never asked.
RANDOM = """
math.randomseed(os.time())
local number = 0
request = function()
  number = number + 1
  local path = string.gsub(wrk.path, "ID", tostring(math.random(1, %d)))
  wrk.headers["Origin"] = "http://o" .. number .. "-" .. math.random(1, 1000000000)
  return wrk.format("GET", path)
end
"""


@dataclass(frozen=True)
class Load:
    """What came of one round."""

    rate: float  # requests a second
    p99: float  # milliseconds
    bad: int  # answers that were no 2xx


def load(
    address: str,
    seconds: int,
    never_asked: int = 0,
    clients: int = CLIENTS,
    headers: tuple[str, ...] = (),
) -> Load:
    """Ask ``address`` for ``seconds``; with ``never_asked`` each request is a new one.

    ``ID`` in the path is then replaced by a number up to ``never_asked``.
    """
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}", "--latency", "--timeout", "20"]
    for header in headers:
        command += ["-H", header]
    with tempfile.TemporaryDirectory() as directory:
        if never_asked:
            script = Path(directory) / "random.lua"
            script.write_text(RANDOM % never_asked)
            command += ["-s", str(script)]
        done = subprocess.run(
            on_core(1, [*command, address]), capture_output=True, text=True, check=True
        )
    text = done.stdout
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])
    number, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", text)[0]
    bad = re.findall(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], int((bad or [0])[0]))
