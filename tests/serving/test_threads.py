"""How many processes and threads answer, unless somebody says so."""

from __future__ import annotations

import os
import runpy

import pytest

from tools.environment import ROOT


@pytest.mark.parametrize(
    ("url", "cores", "chosen", "expected"),
    [
        ("sqlite:////tmp/nothing.sqlite3", 8, {}, (1, 8)),
        ("postgresql://referral@localhost/referral", 1, {}, (2, 16)),
        ("postgresql://referral@localhost/referral", 4, {}, (4, 16)),
        ("postgresql://referral@localhost/referral", 8, {}, (8, 8)),
        ("postgresql://referral@localhost/referral", 32, {}, (32, 4)),
        ("postgresql://referral@localhost/referral", 8, {"WEB_PROCESSES": "2"}, (2, 16)),
        ("postgresql://referral@localhost/referral", 8, {"WEB_THREADS": "5"}, (8, 5)),
    ],
)
def test_the_threads_of_all_processes_leave_room_in_the_database(
    url: str,
    cores: int,
    chosen: dict[str, str],
    expected: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"REFERRAL_ENV": "test", "DATABASE_URL": url, **chosen}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    known = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert (known["workers"], known["threads"]) == expected
