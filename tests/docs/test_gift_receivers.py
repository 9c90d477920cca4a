"""The gift servers of docs/gifts.md run, verify what we send, and give each gift once."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from config import ROOT
from referral.gateways.hooks import Reach, Wanted, ask_for_gift, try_out
from referral.gateways.hooks.signing import headers_for
from tests.servers import free_port, missing

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
BEFORE = f"whsec_{base64.b64encode(b'o' * 32).decode()}"
NEAR = Reach(loopback=True)
PAGE = (ROOT / "docs/gifts.md").read_text("utf-8")


def program(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(params=["python", "js"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of one of the two servers, running."""
    runner = sys.executable if request.param == "python" else shutil.which("node")
    if runner is None:
        missing("there is no node")
    path, port = tmp_path / f"receiver.{request.param}", free_port()
    path.write_text(program(request.param))
    env = {"PATH": os.environ["PATH"], "PORT": str(port), "GIFT_SECRETS": SECRET}
    process = subprocess.Popen([runner, str(path)], env=env, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/gifts"
    for _ in range(200):
        try:
            requests.post(address, data=b"{}", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    yield address
    process.kill()
    process.wait()


def wanted(url: str, *secrets: str, message_id: str = "rwd_x:gift_request:1") -> Wanted:
    gift = {"id": "grt_x", "value": {"amount_minor": 1000, "currency": "eur"}}
    return Wanted(url, secrets or (SECRET,), message_id, datetime.now(UTC), gift)


def test_a_gift_is_given_once_for_its_id(app: Flask, url: str) -> None:
    now = datetime.now(UTC)
    first = ask_for_gift(wanted(url), at=now, reach=NEAR)
    again = ask_for_gift(wanted(url, SECRET, BEFORE), at=now, reach=NEAR)
    other = ask_for_gift(wanted(url, BEFORE, SECRET, message_id="other"), at=now, reach=NEAR)
    assert first == again
    assert [one.reference for one in (first, other)] == ["order-1", "order-2"]  # type: ignore[union-attr]
    assert try_out(wanted(url, message_id="test"), at=now, reach=NEAR).status == 200


def test_what_is_not_signed_right_is_refused(url: str) -> None:
    body, now = json.dumps({"type": "gift.requested", "data": {}}).encode(), datetime.now(UTC)
    right = headers_for("id", body, [SECRET], at=now)
    wrong: list[tuple[dict[str, Any], bytes]] = [
        ({}, body),
        (headers_for("id", body, [BEFORE], at=now), body),
        (right, body + b" "),
        ({**right, "webhook-id": "another"}, body),
        (headers_for("id", body, [SECRET], at=datetime(2026, 1, 1, tzinfo=UTC)), body),
    ]
    for headers, sent in wrong:
        assert requests.post(url, data=sent, headers=headers, timeout=5).status_code == 401
    assert requests.post(url, data=body, headers=right, timeout=5).status_code == 200
