"""The servers that other tests stand on are real, shared, and gone afterwards."""

import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
import redis

from tests.databases import Kind, cloned_database, drop_database, fresh_database
from tests.servers import SmtpCatcher, missing, session_folder
from tools.environment import ROOT

KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")


def connect(url: str) -> sqlite3.Connection | psycopg.Connection:
    """Open a database at the address a test was given."""
    if url.startswith("sqlite:///"):
        return sqlite3.connect(url.removeprefix("sqlite:///"))
    return psycopg.connect(url)


def migrate_to_one_row(url: str) -> None:
    """Stand in for a migration: one table holding the address it was made at."""
    connection = connect(url)
    connection.execute("CREATE TABLE made_at (url text)")
    connection.execute(f"INSERT INTO made_at VALUES ('{url}')")
    connection.commit()
    connection.close()


def rows(url: str) -> list[str]:
    """Read the addresses kept in a cloned database."""
    connection = connect(url)
    found = [row[0] for row in connection.execute("SELECT url FROM made_at ORDER BY url")]
    connection.close()
    return found


def test_postgresql_is_real_and_keeps_utc(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        assert connection.info.server_version >= 140000
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)
        assert connection.execute("SELECT lower('ÉLODIE')").fetchone() == ("élodie",)


def test_redis_is_real_and_runs_scripts(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        key = f"alice:{os.getpid()}"
        assert client.eval("return redis.call('INCRBY', KEYS[1], 2)", 1, key) == 2
        assert client.delete(key) == 1


def test_chromium_starts(chromium_path):
    told = subprocess.run([chromium_path, "--version"], check=True, capture_output=True, text=True)
    assert "Chrom" in told.stdout


def test_mail_sent_is_mail_caught(smtp_catcher):
    message = EmailMessage()
    message["From"], message["To"] = "shop@example.com", "alice@example.com"
    message["Subject"] = "Grüße"
    message.set_content("Bob arrived.")
    host, port = smtp_catcher.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.send_message(message)
    (caught,) = smtp_catcher.wait_for(1)
    assert (caught["To"], caught["Subject"]) == ("alice@example.com", "Grüße")
    assert caught.get_content().strip() == "Bob arrived."


def test_waiting_for_mail_that_nobody_sends_fails():
    with SmtpCatcher() as catcher, pytest.raises(pytest.fail.Exception, match="0 of 1"):
        catcher.wait_for(1, within_s=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_database_is_empty_and_alone(kind):
    first, second = fresh_database(kind), fresh_database(kind)
    migrate_to_one_row(first)
    migrate_to_one_row(second)
    assert (rows(first), rows(second)) == ([first], [second])
    drop_database(first)
    drop_database(second)


@pytest.mark.parametrize("kind", KINDS)
def test_clones_start_equal_and_live_apart(kind):
    first = cloned_database(kind, migrate=migrate_to_one_row)
    second = cloned_database(kind, migrate=migrate_to_one_row)
    template = rows(first)
    assert len(template) == 1
    assert first not in template
    connection = connect(first)
    connection.execute("DELETE FROM made_at")
    connection.commit()
    connection.close()
    assert (rows(first), rows(second)) == ([], template)
    drop_database(first)
    drop_database(second)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dropped_database_is_gone(kind):
    url = fresh_database(kind)
    open_connection = connect(url)
    drop_database(url)
    with pytest.raises((sqlite3.OperationalError, psycopg.OperationalError)):
        open_connection.execute("CREATE TABLE late (id int)")
        connect(f"{url}&mode=ro" if kind == "sqlite" else url)
    open_connection.close()


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("postgres", signal.SIGKILL), ("redis", signal.SIGKILL), ("redis", signal.SIGINT)],
)
def test_a_server_ends_with_its_session_however_that_ends(kind, ending, tmp_path):
    (tmp_path / "test_waits.py").write_text(WAITING_SESSION.format(kind=kind))
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.servers", "-c", os.devnull]
    command += ["-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as session:
        folder = next(Path(line[8:-1]) for line in session.stdout if line.startswith("STARTED "))
        started = still_running_in(folder)
        session.send_signal(ending)
        session.communicate(timeout=30)
    assert len(started) >= 2
    assert folder != session_folder()
    wait_until(lambda: not folder.exists() and not still_running_in(folder))


WAITING_SESSION = """
import signal
from tests import servers

def test_waits():
    servers.start_{kind}()
    print("\\nSTARTED", servers.session_folder(), flush=True)
    signal.pause()
"""


def still_running_in(folder: Path) -> list[str]:
    """List the processes whose command names the folder."""
    shown = subprocess.run(["ps", "-eww", "-o", "args"], check=True, capture_output=True, text=True)
    return [line for line in shown.stdout.splitlines() if str(folder) in line]


def wait_until(claim, *, within_s: float = 30) -> None:
    """Return as soon as the claim holds; fail when it never does."""
    give_up_at = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.02)


def test_what_a_machine_lacks_is_skipped_loudly(monkeypatch):
    monkeypatch.delenv("REFERRAL_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED HERE: no ice cream"):
        missing("no ice cream")


def test_what_a_machine_lacks_fails_in_ci(monkeypatch):
    monkeypatch.setenv("REFERRAL_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="NOT TESTED HERE: no ice cream"):
        missing("no ice cream")


def test_other_machines_cannot_be_called():
    with pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_other_machines_cannot_be_looked_up():
    with pytest.raises(pytest.fail.Exception, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)


def test_datagrams_do_not_leave_the_machine():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"),
    ):
        datagram.sendto(b"?", ("192.0.2.1", 53))
