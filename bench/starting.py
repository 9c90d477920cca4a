"""How fast things start and what they weigh: web, worker, and the whole of `make run`."""

import compileall
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import Plan, send
from bench.requests import World
from bench.servers import HOST, ROOT, Memory, free_port, gunicorn, running, wait_for, weigh

CLICKS_S = 0.5
WORKER_SETTLES_S = 3.0
FIRST_RUN_S = 180.0
"""The first `make run` tells the demo's story before it serves."""
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "instance", "__pycache__", ".*_cache", ".hypothesis", "tests"
)


@dataclass(frozen=True)
class Starts:
    """Milliseconds and mebibytes of a process that just started."""

    web_ms: float
    bare_ms: float
    web_memory: Memory
    worker_memory: Memory
    stripe: str
    second_run_s: float | None


def measure_starts(
    settings: dict[str, str], world: World, folder: Path, *, rounds: int, with_run: bool
) -> Starts:
    """Start each server a few times in turn; then the worker; then `make run` twice.

    As after an installation, the product is compiled: where Python may not write what it compiled
    (PYTHONDONTWRITEBYTECODE), each start would compile every changed file again.
    """
    compileall.compile_dir(ROOT / "referral", quiet=1)
    compileall.compile_file(ROOT / "config.py", quiet=1)
    web_ms, bare_ms = [], []
    for _ in range(rounds):
        with gunicorn("bare", settings) as server:
            bare_ms.append(server.ready_ms)
        with gunicorn("product", settings) as server:
            web_ms.append(server.ready_ms)
            send(Plan("click", HOST, server.port, CLICKS_S, 8, world.as_dict()))
            web_memory = server.memory()
    return Starts(
        web_ms=median(web_ms),
        bare_ms=median(bare_ms),
        web_memory=web_memory,
        worker_memory=_weigh_worker(settings),
        stripe=_stripe_notes(folder),
        second_run_s=_second_run(folder / "copy") if with_run else None,
    )


def _weigh_worker(settings: dict[str, str]) -> Memory:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work"]
    with running(command, settings) as pid:
        time.sleep(WORKER_SETTLES_S)
        return weigh(pid)


def _stripe_notes(folder: Path) -> str:
    """Return what the web processes noted when they ended."""
    notes = {note.read_text() for note in folder.glob("stripe-*")}
    return "not imported" if notes == {"not imported"} else "imported" if notes else "unknown"


def _second_run(copy: Path) -> float:
    """Run `make run` twice in a copy of the project, and time the second until it is ready."""
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT, symlinks=True)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    port = free_port()
    settings = {"PORT": str(port), "PRACTICE_STRIPE_PORT": str(free_port()), "DATABASE_URL": ""}
    took_s = 0.0
    for _ in range(2):
        began_at = time.perf_counter()
        with running([sys.executable, "tools/dev.py", "run"], settings, folder=copy) as pid:
            wait_for(f"http://{HOST}:{port}/readyz", pid, seconds=FIRST_RUN_S)
            took_s = time.perf_counter() - began_at
    return took_s
