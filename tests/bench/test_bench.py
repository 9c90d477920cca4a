"""The bench runs, counts what it was answered, and never leaves this machine."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from bench.figures import PATHS, Figure, Measured, Round
from bench.load import MOST_CONNECTIONS, MOST_SECONDS, Plan, Result, run
from bench.requests import KINDS, World
from bench.servers import Memory
from bench.table import misses
from tests.live import served
from tests.servers import session_folder

WORLD = World("biz", "bench", "prg", "sk_x", "whsec_x", "portal=x", ["AAAAABBBBB"])
PLAN = Plan("click", "127.0.0.1", 1, 0.2, 4, WORLD.as_dict())


@pytest.mark.slow
def test_a_short_run_prints_every_hot_path_and_finds_each_answer_stored() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--database", "sqlite"]
    done = subprocess.run(
        [*command, "--no-starts", "--no-audit"],
        env={**os.environ, "TMPDIR": str(session_folder())},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.partition(" SQLite")[0].strip() for line in lines[1:5]] == [
        path.name for path in PATHS
    ]
    assert "bare commits a second" in done.stdout
    assert done.stdout.count("all 101") == 2


@pytest.mark.parametrize(
    "plan",
    [
        replace(PLAN, host="192.0.2.1"),
        replace(PLAN, host="8.8.8.8"),
        replace(PLAN, seconds=MOST_SECONDS + 1),
        replace(PLAN, connections=MOST_CONNECTIONS + 1),
        replace(PLAN, seconds=0),
    ],
)
def test_a_load_on_another_machine_or_without_bounds_is_refused(plan: Plan) -> None:
    with pytest.raises(ValueError, match=r"another machine|too long"):
        run(plan)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_answer_the_server_gave_is_counted(kind: str) -> None:
    from bench.bare import app

    given: list[str] = []

    def counting(environ: dict[str, object], start_response: object) -> object:
        given.append(str(environ["PATH_INFO"]))
        return app(environ, start_response)  # type: ignore[arg-type]

    with served(counting) as address:
        result = run(replace(PLAN, kind=kind, port=int(address.rpartition(":")[2])))
    assert result.answered == len(given) > 0
    assert result.failed == 0
    assert 0 < result.p50_ms <= result.p99_ms


def test_a_refused_request_is_not_counted_as_answered() -> None:
    result = Result(seconds=2.0, statuses={302: 7, 404: 2, 503: 1}, p50_ms=1, p99_ms=2)
    assert (result.answered, result.failed, result.per_second) == (7, 3, 3.5)


def test_an_answer_that_was_not_stored_is_named() -> None:
    one = Round(Result(1.0, {302: 5}, 1.0, 1.0), cpu_ms=1.0)
    figure = Figure(PATHS[0], "SQLite", ours=[one], bare=[one], stored=5)
    assert figure.is_kept
    figure.stored = 4
    assert not figure.is_kept
    measured = _measured(figure)
    assert misses([measured]) == [
        "click redirect on SQLite: 5 answered, 4 stored, 0 failed",
    ]


def _measured(figure: Figure) -> Measured:
    return Measured("SQLite", [figure], 1.0, Memory([], 0.0))
