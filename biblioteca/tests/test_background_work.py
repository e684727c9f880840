"""The process that works through the queue: started as the service is, ended without harm."""

import subprocess
import time

import pytest
import yaml

from biblioteca.tests.machine import DEPLOY, Machine
from biblioteca.tests.servers import ROOT

WORKER = ["trabalhar"]


def test_background_work_runs_as_the_service_does():
    """The same settings, user, data and walls in each kind of deployment."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    app, worker = compose["services"]["app"], compose["services"]["worker"]
    of_the_server = {"BIND", "WORKERS", "FORWARDED_ALLOW_IPS"}
    assert set(app["environment"]) - set(worker["environment"]) == of_the_server
    for what in ("image", "read_only", "cap_drop", "security_opt", "volumes", "networks"):
        assert worker[what] == app[what], what
    assert worker["command"] == WORKER
    assert worker["healthcheck"] == {"disable": True}  # the image's own asks a port

    of_app, of_worker = (pod_of(name) for name in ("deployment", "worker"))
    for what in ("securityContext", "automountServiceAccountToken", "volumes"):
        assert of_worker[what] == of_app[what], what
    (in_app,), (in_worker,) = of_app["containers"], of_worker["containers"]
    for what in ("image", "envFrom", "securityContext", "volumeMounts"):
        assert in_worker[what] == in_app[what], what
    assert in_worker["args"] == WORKER

    server, background = unit("biblioteca"), unit("biblioteca-worker")
    of_the_server = {"Type", "ExecStart", "ExecReload", "NotifyAccess", "TimeoutStartSec",
                     "TimeoutStopSec", "LimitNOFILE"}  # fmt: skip
    for name in server.keys() - of_the_server:
        assert background[name] == server[name], name
    assert background["ExecStart"] == [f"/opt/biblioteca/deploy/start {' '.join(WORKER)}"]


def pod_of(name):
    text = (DEPLOY / "kubernetes" / f"{name}.yaml").read_text(encoding="utf-8")
    return next(iter(yaml.safe_load_all(text)))["spec"]["template"]["spec"]


def unit(name):
    """Return the settings of a unit's process, each with all its values."""
    text = (DEPLOY / "systemd" / f"{name}.service").read_text(encoding="utf-8")
    found = {}
    for line in text.partition("[Service]")[2].partition("[Install]")[0].splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


JOBS = """
import time
from pathlib import Path
from django_tasks import task

@task(queue_name="another")
def write(place):
    Path(place).touch()
    time.sleep(1.5)
    Path(place).write_text("finished")
"""


@pytest.mark.served
def test_background_work_is_finished_before_the_worker_ends(tmp_path):
    machine = Machine(tmp_path)
    machine.program("setup")
    (tmp_path / "queue_jobs.py").write_text(JOBS)
    machine.environment |= {"PYTHONPATH": str(tmp_path)}
    machine.as_service("migrate", "-v0")
    place, log = tmp_path / "result", tmp_path / "log"
    code = f"import queue_jobs; queue_jobs.write.enqueue({str(place)!r})"
    machine.as_service("shell", "-v0", "-c", code)
    environment = {k: v for k, v in machine.environment.items() if k != "DATABASE_URL"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [DEPLOY / "start", *WORKER], env=environment | machine.service, stdout=output,
            stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not place.exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
    assert place.read_text() == "finished"
