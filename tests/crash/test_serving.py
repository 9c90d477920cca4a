"""`flask serve` keeps web and worker alive, and ends with both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest
from sqlalchemy.engine import make_url

from tests.crash.processes import Crew, Process, until
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate
from tests.servers import NOT_TESTED, free_port
from tests.stories.trade import Trade, answers_at

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason=f"{NOT_TESTED}there is no /proc"
)


@pytest.fixture
def database_url() -> Iterator[str]:
    """A migrated database; of which kind makes no difference to a supervisor."""
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


def children_of(pid: int) -> dict[int, str]:
    """Return the children of a process with the names Linux knows them by."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
                name = (folder / "comm").read_text().strip()
            except (OSError, IndexError):
                continue
            if int(parent) == pid:
                found[int(folder.name)] = name
    return found


def child(served: Process, name: str) -> int | None:
    """Return the process id of the supervisor's web or worker."""
    known = children_of(served.pid).items()
    return next((pid for pid, called in known if called == f"referral {name}"), None)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def everyone(served: Process) -> list[int]:
    """Return the processes that belong to a supervisor, their own children too."""
    own = list(children_of(served.pid))
    return [*own, *(pid for one in own for pid in children_of(one))]


def started(crew: Crew, port: int) -> Process:
    served = crew.serve(port)
    until(lambda: answers_at(port), "the web answers", alive=served)
    until(lambda: child(served, "worker"), "the worker runs", alive=served)
    return served


@pytest.mark.parametrize("name", ["worker", "web"])
def test_a_killed_child_is_started_again(crew: Crew, name: str) -> None:
    """F-51."""
    port = free_port()
    served = started(crew, port)
    first = child(served, name)
    assert first is not None
    os.kill(first, SIGKILL)
    until(lambda: child(served, name) not in (None, first), "it was started again", alive=served)
    until(lambda: answers_at(port), "the web answers", alive=served)
    served.send(SIGTERM)
    assert served.wait() == 0, served.said


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_the_end_is_clean_and_leaves_nobody(crew: Crew, number: Signals) -> None:
    port = free_port()
    served = started(crew, port)
    family = everyone(served)
    assert len(family) >= 3
    served.send(number)
    assert served.wait(within_s=30) == 0, served.said
    assert [pid for pid in family if not is_gone(pid)] == []
    assert not answers_at(port)


def test_the_file_alone_holds_everything_after_a_clean_end(crew: Crew, database_url: str) -> None:
    """Whoever was killed leaves SQLite's log behind; it is written back at the end of all."""
    log = Path(f"{make_url(database_url).database}-wal")
    served = started(crew, free_port())
    first = child(served, "worker")
    assert first is not None
    until(lambda: log.exists() and log.stat().st_size, "something was written", alive=served)
    os.kill(first, SIGKILL)
    until(lambda: child(served, "worker") not in (None, first), "it goes on", alive=served)
    served.send(SIGTERM)
    assert served.wait(within_s=30) == 0, served.said
    assert not log.exists() or log.stat().st_size == 0


def test_the_children_end_with_a_killed_supervisor(crew: Crew) -> None:
    served = started(crew, free_port())
    family = everyone(served)
    served.send(SIGKILL)
    served.wait()
    until(lambda: all(is_gone(pid) for pid in family), "the children ended")


def test_a_sale_goes_through_while_its_parts_die(trade: Trade, crew: Crew) -> None:
    port = free_port()
    served = started(crew, port)
    trade.practice.register_webhook(f"http://127.0.0.1:{port}{trade.hook_path}", trade.secret)
    alice = trade.advocate("alice")
    token = trade.token_of(alice)
    trade.practice.buy(
        12000, currency="eur", email="bob@mail.example", client_reference_id=f"wom_{token}"
    )
    for name in ("web", "worker"):
        pid = child(served, name)
        if pid is not None:
            os.kill(pid, SIGKILL)
    until(lambda: trade.credits_of(alice), "the credit is there", alive=served)
    served.send(SIGTERM)
    assert served.wait() == 0, served.said
    trade.settle(from_s=25)
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
