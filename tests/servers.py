"""Real servers for the tests: PostgreSQL, Redis, a mail catcher, Chromium, and databases in them.

One server of a kind serves all workers of a session and ends with it, also when the session is
killed (see keeper.py). TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead. What a
machine cannot offer is skipped loudly, or fails where REFERRAL_CI is set.
"""

import fcntl
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern_policy
from pathlib import Path
from typing import IO, NoReturn

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests import keeper
from tools.environment import find_chromium

FOLDER = "REFERRAL_TEST_FOLDER"
NOT_TESTED = "NOT TESTED HERE: "
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20
MEMORY = "/dev/shm"
ROOM_BYTES = 2 * 1024**3

SESSION = pytest.StashKey[tuple[Path, IO[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    """Open the session's folder and take the lock that tells the keepers we live."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(tempfile.mkdtemp(prefix="referral-", dir=_memory()))
    os.environ[FOLDER] = str(folder)
    alive = (folder / "alive").open("w")
    fcntl.lockf(alive, fcntl.LOCK_EX)
    config.stash[SESSION] = (folder, alive)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the lock back, wait for the servers to end, and remove the folder."""
    if hasattr(config, "workerinput"):
        return
    folder, alive = config.stash[SESSION]
    alive.close()
    give_up_at = time.monotonic() + STOP_TIMEOUT_S
    while any((folder / kind).exists() for kind in keeper.SERVERS):
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"a test server did not stop: see {folder}")
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def session_folder() -> Path:
    """Return the folder that all workers of this session share."""
    return Path(os.environ[FOLDER])


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let only one worker of the session in at a time."""
    with (session_folder() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def missing(what: str) -> NoReturn:
    """Skip the test loudly because the machine lacks something; fail where CI may not skip."""
    if os.environ.get("REFERRAL_CI"):
        pytest.fail(f"{NOT_TESTED}{what}", pytrace=False)
    pytest.skip(f"{NOT_TESTED}{what}")


@functools.cache
def start_postgres() -> str:
    """Return the address of a PostgreSQL where databases may be made, starting it when needed."""
    return os.environ.get("TEST_DATABASE_URL") or _keep("postgres")


@functools.cache
def start_redis() -> str:
    """Return the address of a Redis database of this worker alone, starting Redis when needed."""
    if given := os.environ.get("TEST_REDIS_URL"):
        return given
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{_keep('redis')}?db={worker}"


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The address of a real PostgreSQL server."""
    return start_postgres()


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a real Redis."""
    return start_redis()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a real Chromium."""
    return find_chromium() or missing(
        "Chromium is not installed (Debian: apt-get install chromium)"
    )


class SmtpCatcher:
    """A mail server on loopback that keeps every message it is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._arrived = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    @property
    def url(self) -> str:
        """The address to set as MAIL_URL."""
        return f"smtp://{self._controller.hostname}:{self._controller.port}"

    def wait_for(self, count: int, *, within_s: float = 10) -> list[EmailMessage]:
        """Return the messages once there are `count` of them; fail when they do not come."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, within_s):
                pytest.fail(f"{len(self.messages)} of {count} messages came within {within_s} s")
            return list(self.messages)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one message; called by aiosmtpd in its own thread."""
        message = BytesParser(policy=modern_policy).parsebytes(envelope.original_content)
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()
        return "250 Kept"

    def __enter__(self) -> "SmtpCatcher":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


@pytest.fixture
def smtp_catcher() -> Iterator[SmtpCatcher]:
    """A mail server that keeps what it is sent."""
    with SmtpCatcher() as catcher:
        yield catcher


def _memory() -> str | None:
    """Return a folder in memory that has room for all databases, if this machine has one.

    SQLite waits for the disk at each commit there is; some disks take 60 ms for one.
    """
    try:
        has_room = shutil.disk_usage(MEMORY).free > ROOM_BYTES
    except OSError:
        return None
    return MEMORY if has_room and os.access(MEMORY, os.W_OK) else None


def _keep(kind: str) -> str:
    """Start the server of that kind under a keeper, once a session, and return its address."""
    folder = session_folder()
    note = folder / f"{kind}.url"
    with one_at_a_time(kind):
        if not note.exists() and not _start(kind, folder):
            missing(f"{kind} does not start ({_last_words(folder / f'{kind}.log')})")
    return note.read_text()


def _start(kind: str, folder: Path) -> bool:
    (folder / kind).mkdir(exist_ok=True)
    command = [sys.executable, keeper.__file__, kind, str(folder)]
    with (folder / f"{kind}.log").open("w") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while not (folder / f"{kind}.url").exists():
        has_ended = not (folder / kind).exists()
        if has_ended or time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


def _last_words(log: Path) -> str:
    return (log.read_text().splitlines() or ["it said nothing"])[-1]
