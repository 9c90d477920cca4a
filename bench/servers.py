"""Servers under test: real gunicorn with the product's own configuration, and what they weigh."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
START_S = 30
ROOT = Path(__file__).parent.parent


class NoAnswer(Exception):
    """A server did not start, or stopped answering."""


@dataclass(frozen=True)
class Server:
    """A server that answers; `ready_ms` is from its start to its first answer."""

    pid: int
    port: int
    ready_ms: float

    def memory(self) -> "Memory":
        """Weigh the master and its workers."""
        return weigh(self.pid)

    def cpu_ms(self) -> float:
        """Return the processor time that the master and its workers have used so far."""
        ticks = sum(_ticks(one) for one in (self.pid, *_children(self.pid)))
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
    """Resident and proportional size in MiB: of each process, and of the whole tree."""

    each_rss_mb: list[float]
    tree_pss_mb: float


@contextmanager
def gunicorn(kind: str, settings: Mapping[str, str]) -> Iterator[Server]:
    """Serve the `product` or the `bare` application until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", f"bench/{kind}.conf.py"]
    began_at = time.perf_counter()
    with running(command, {**settings, "PORT": str(port), "HOST": HOST}) as pid:
        wait_for(f"http://{HOST}:{port}/healthz", pid)
        yield Server(pid, port, (time.perf_counter() - began_at) * 1000)


@contextmanager
def running(
    command: list[str], settings: Mapping[str, str], *, folder: Path = ROOT
) -> Iterator[int]:
    """Run a process, its words kept for when it fails, and end it with the block."""
    words = folder / "words.log" if folder != ROOT else Path(settings["BENCH_FOLDER"]) / "words.log"
    with words.open("a") as said:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **settings},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield child.pid
        except NoAnswer as silence:
            raise NoAnswer(f"{silence}; its last words:\n{words.read_text()[-2000:]}") from silence
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(START_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_for(url: str, pid: int, *, seconds: float = START_S) -> None:
    """Wait for the first 200; raises when it does not come or the process ends."""
    give_up_at = time.perf_counter() + seconds
    while time.perf_counter() < give_up_at:
        if _has_ended(pid):
            break
        try:
            with urllib.request.urlopen(url, timeout=START_S):
                return
        except OSError:
            time.sleep(0.005)
    raise NoAnswer(f"{url} does not answer")


def weigh(pid: int) -> Memory:
    """Weigh a process and its children."""
    family = [pid, *_children(pid)]
    return Memory(
        each_rss_mb=[_kib(one, "status", "VmRSS") / 1024 for one in family],
        tree_pss_mb=sum(_kib(one, "smaps_rollup", "Pss") for one in family) / 1024,
    )


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _ticks(pid: int) -> int:
    """Read utime and stime, the 14th and 15th field of proc(5); the name before has its own."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _kib(pid: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def _has_ended(pid: int) -> bool:
    return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
