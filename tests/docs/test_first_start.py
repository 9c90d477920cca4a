"""The first start as the README tells it: one command, and it says how to sign in."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import ROOT
from tests.servers import free_port
from tools.practice_stripe import PracticeStripe

PATIENCE_S = 240
OURS = ("config.py", "wsgi.py", "gunicorn.conf.py", "referral", "templates", "static")
MORE = ("migrations", "tools")


@dataclass
class FirstStart:
    """The product starting in a fresh copy of the project, with nothing in it yet."""

    process: subprocess.Popen[str]
    practice: PracticeStripe

    def said_until(self, last: str) -> str:
        """Return what it prints, up to the line that begins with a word."""
        said = []
        for line in self.process.stdout or ():
            said.append(line)
            if line.strip().startswith(last):
                break
        return "".join(said)


@pytest.fixture
def first_start(tmp_path: Path) -> Iterator[FirstStart]:
    for name in (*OURS, *MORE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path)
    practice_port = free_port()
    environment = {
        "REFERRAL_ENV": "development",
        "PORT": str(free_port()),
        "PRACTICE_STRIPE_PORT": str(practice_port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--demo"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    watch = threading.Timer(PATIENCE_S, process.kill)
    watch.start()
    yield FirstStart(process, PracticeStripe(f"http://127.0.0.1:{practice_port}"))
    watch.cancel()
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_the_first_start_says_how_to_sign_in_and_ends_when_asked(first_start: FirstStart) -> None:
    said = first_start.said_until("API")
    assert "olive@cornercoffee.example" in said
    assert "sign in as alice@mail.example" in said
    first_start.practice.buy(5000)
    first_start.practice.wait_delivered()
    states = [one["state"] for one in first_start.practice.deliveries()]
    assert set(states) == {"done"}
    first_start.process.send_signal(signal.SIGTERM)
    assert first_start.process.wait(60) == 0
