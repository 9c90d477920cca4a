"""The visitors: a process of its own that keeps a number of connections busy for a short while.

`python -m bench.load` reads a Plan as JSON and prints a Result as JSON. Each connection sends its
next request when the last was answered (a closed loop); at the end of the time every request
under way is still awaited, so that answers can be held against what was stored. It is bounded in
time, connections and requests, and reaches only this machine.
"""

import ipaddress
import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.requests import KINDS, World

MOST_CONNECTIONS = 128
MOST_SECONDS = 60
MOST_REQUESTS = 1_000_000
LONGEST_ANSWER_S = 15.0


@dataclass(frozen=True)
class Plan:
    """What to send, where, for how long, and over how many connections."""

    kind: str
    host: str
    port: int
    seconds: float
    connections: int
    world: dict[str, Any]

    def check(self) -> None:
        """Refuse other machines and loads without bounds."""
        if not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError(f"{self.host} is another machine; the bench stays on this one")
        if not (0 < self.seconds <= MOST_SECONDS and 0 < self.connections <= MOST_CONNECTIONS):
            raise ValueError("too long, or too many connections")


@dataclass
class Result:
    """What came back; times in milliseconds."""

    seconds: float
    statuses: dict[int, int]
    p50_ms: float
    p99_ms: float

    @property
    def answered(self) -> int:
        """Count the requests answered with success: 2xx, or 3xx to the landing page."""
        return sum(count for status, count in self.statuses.items() if status < 400)

    @property
    def failed(self) -> int:
        """Count every other answer."""
        return sum(self.statuses.values()) - self.answered

    @property
    def per_second(self) -> float:
        """Return the successes a second."""
        return self.answered / self.seconds


def send(plan: Plan) -> Result:
    """Run the plan in a process of its own."""
    plan.check()
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
        timeout=plan.seconds + LONGEST_ANSWER_S + 15,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the load of {plan.kind} failed:\n{done.stderr}")
    said = json.loads(done.stdout)
    said["statuses"] = {int(status): count for status, count in said["statuses"].items()}
    return Result(**said)


def run(plan: Plan) -> Result:
    """Send until the time is over, await what is under way, and sum up."""
    plan.check()
    crowd = _Crowd(plan, KINDS[plan.kind](World(**plan.world)))
    try:
        crowd.visit()
    finally:
        crowd.leave()
    took_ms = sorted(crowd.took_ms)
    return Result(
        seconds=crowd.ended_at - crowd.began_at,
        statuses=dict(crowd.statuses),
        p50_ms=_at(took_ms, 0.50),
        p99_ms=_at(took_ms, 0.99),
    )


@dataclass
class _Visitor:
    line: socket.socket
    sent_at: float = 0.0
    heard: bytes = b""


@dataclass
class _Crowd:
    plan: Plan
    requests: Iterator[bytes]
    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    began_at: float = 0.0
    ended_at: float = 0.0

    def __post_init__(self) -> None:
        self.open = selectors.DefaultSelector()

    def visit(self) -> None:
        self.began_at = self.ended_at = time.perf_counter()
        stop_at = self.began_at + self.plan.seconds
        for _ in range(self.plan.connections):
            self._ask(self._connect())
        while self.open.get_map():
            ready = self.open.select(LONGEST_ANSWER_S)
            if not ready:
                raise RuntimeError(f"no answer within {LONGEST_ANSWER_S:.0f} s")
            for key, _ in ready:
                self._hear(key.data, stop_at)

    def leave(self) -> None:
        for key in list(self.open.get_map().values()):
            key.data.line.close()
        self.open.close()

    def _connect(self) -> _Visitor:
        line = socket.create_connection((self.plan.host, self.plan.port), LONGEST_ANSWER_S)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visitor = _Visitor(line)
        self.open.register(line, selectors.EVENT_READ, visitor)
        return visitor

    def _ask(self, visitor: _Visitor) -> None:
        request = next(self.requests)
        visitor.heard = b""
        visitor.sent_at = time.perf_counter()
        visitor.line.sendall(request)

    def _hear(self, visitor: _Visitor, stop_at: float) -> None:
        part = visitor.line.recv(65536)
        if not part:
            raise RuntimeError("the server hung up in the middle of an answer")
        visitor.heard += part
        head, gap, body = visitor.heard.partition(b"\r\n\r\n")
        if not gap or len(body) < _length(head):
            return
        self.ended_at = time.perf_counter()
        self.statuses[int(head[9:12])] += 1
        self.took_ms.append((self.ended_at - visitor.sent_at) * 1000)
        if self.ended_at >= stop_at or len(self.took_ms) >= MOST_REQUESTS:
            self._close(visitor)
        elif b"\r\nconnection: close" in head.lower():
            self._close(visitor)
            self._ask(self._connect())
        else:
            self._ask(visitor)

    def _close(self, visitor: _Visitor) -> None:
        self.open.unregister(visitor.line)
        visitor.line.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError("an answer without its length")


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    print(json.dumps(asdict(run(Plan(**json.load(sys.stdin))))))
