"""The SDK is loaded on its first use, so that the web starts fast and stays small."""

import subprocess
import sys
from pathlib import Path

from tools.environment import ROOT

SCRIPT = """
import sys
from referral import create_app
from referral.foundation import clock
from referral.foundation.db import db
from tests.cast import open_shop
from tests.fixtures import settings_for
app = create_app(settings_for(sys.argv[1]))
with app.app_context():
    db.create_all()
    shop = open_shop(at=clock.now())
    code = shop.link_of(shop.customer("alice")).code
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0"}
    answer = app.test_client().get(f"/r/{code}", headers=agent)
print(answer.status_code, "ref=" in answer.headers["Location"], "stripe" in sys.modules)
"""


def test_neither_starting_nor_a_click_loads_the_sdk(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, f"sqlite:///{tmp_path / 'shop.sqlite3'}"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.stdout.split() == ["302", "True", "False"], ran.stderr
