"""Measures the hot paths in interleaved rounds: bare, then ours, of each kind, again and again."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.databases import Database
from bench.load import Plan, Result, send
from bench.requests import World
from bench.servers import HOST, Memory, Server, gunicorn

WARM_UP_S = 0.4


@dataclass(frozen=True)
class HotPath:
    """One hot path: what is sent, where its rows are, and the ratio to the bare limit we want."""

    name: str
    kind: str
    table: str | None = None
    targets: dict[str, float] = field(default_factory=dict)


PATHS = (
    HotPath("click redirect", "click", "click", {"SQLite": 0.50, "PostgreSQL": 0.45}),
    HotPath("signup", "signup", "signup"),
    HotPath("webhook receipt", "hook", "stripe_event"),
    HotPath("portal home", "home"),
)


@dataclass(frozen=True)
class Effort:
    """How long and how hard to try."""

    rounds: int
    seconds: float
    connections: int
    advocates: int


@dataclass(frozen=True)
class Round:
    """One load on one server, and the processor time the server spent on each answer."""

    result: Result
    cpu_ms: float


@dataclass
class Figure:
    """What several rounds of one path measured on one database."""

    path: HotPath
    database: str
    ours: list[Round] = field(default_factory=list)
    bare: list[Round] = field(default_factory=list)
    stored: int = 0

    @property
    def target(self) -> float | None:
        """Return the ratio we want, if there is one."""
        return self.path.targets.get(self.database)

    @property
    def ratio(self) -> float:
        """Return ours to bare: the median of the rounds' ratios."""
        return median(
            mine.result.per_second / theirs.result.per_second
            for mine, theirs in zip(self.ours, self.bare, strict=True)
        )

    @property
    def cpu_ratio(self) -> float:
        """Return bare to ours by processor time: steadier where the machine is shared."""
        return median(
            theirs.cpu_ms / mine.cpu_ms for mine, theirs in zip(self.ours, self.bare, strict=True)
        )

    @property
    def answered(self) -> int:
        """Count what we answered with success in all rounds."""
        return sum(one.result.answered for one in self.ours)

    @property
    def failed(self) -> int:
        """Count what we answered otherwise."""
        return sum(one.result.failed for one in self.ours)

    @property
    def is_kept(self) -> bool:
        """Tell whether exactly what was answered with success was stored, and nothing failed."""
        stored_all = self.path.table is None or self.stored == self.answered
        return stored_all and self.failed == 0


@dataclass
class Measured:
    """Everything measured on one database."""

    database: str
    figures: list[Figure]
    commits_per_second: float
    memory: Memory


@dataclass(frozen=True)
class Stage:
    """A seeded database with both servers on it."""

    database: Database
    world: World
    ours: Server
    bare: Server


def settings_for(database: Database, folder: Path) -> dict[str, str]:
    """Return the environment of the server under test: as in production, with limits far away."""
    return {
        "REFERRAL_ENV": "test",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": database.url,
        "BASE_URL": "https://referral.example",
        "MAIL_URL": f"file:{folder / 'outbox'}",
        "RATE_LIMIT_SCALE": "100000",
        "REDIS_URL": "",
        "BENCH_FOLDER": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def seed(settings: dict[str, str], advocates: int) -> World:
    """Fill the database in a process of its own."""
    import json

    done = subprocess.run(
        [sys.executable, "-m", "bench.seed", str(advocates)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"seeding failed:\n{done.stderr}")
    return World(**json.loads(done.stdout))


@contextmanager
def staged(database: Database, settings: dict[str, str], world: World) -> Iterator[Stage]:
    """Serve the product and the bare application side by side."""
    with gunicorn("product", settings) as ours, gunicorn("bare", settings) as bare:
        yield Stage(database, world, ours, bare)


def measure(stage: Stage, effort: Effort, paths: tuple[HotPath, ...]) -> Measured:
    """Measure every path in turn, as many rounds as asked."""
    figures = [Figure(path, stage.database.name) for path in paths]
    for figure in figures:
        for server in (stage.bare, stage.ours):
            _send(stage, server, figure.path, WARM_UP_S, effort.connections)
    commits = []
    for _ in range(effort.rounds):
        commits.append(stage.database.bare_commits(min(0.5, effort.seconds)))
        for figure in figures:
            _one_round(stage, figure, effort)
    return Measured(stage.database.name, figures, median(commits), stage.ours.memory())


def _one_round(stage: Stage, figure: Figure, effort: Effort) -> None:
    path, table = figure.path, figure.path.table
    figure.bare.append(_load(stage, stage.bare, path, effort))
    before = stage.database.count(table) if table else 0
    figure.ours.append(_load(stage, stage.ours, path, effort))
    figure.stored += stage.database.count(table) - before if table else 0


def _load(stage: Stage, server: Server, path: HotPath, effort: Effort) -> Round:
    before_ms = server.cpu_ms()
    result = _send(stage, server, path, effort.seconds, effort.connections)
    answers = sum(result.statuses.values())
    return Round(result, (server.cpu_ms() - before_ms) / answers)


def _send(stage: Stage, server: Server, path: HotPath, seconds: float, connections: int) -> Result:
    plan = Plan(path.kind, HOST, server.port, seconds, connections, stage.world.as_dict())
    return send(plan)
