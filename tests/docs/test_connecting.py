"""The README's ways to connect a site work as they are written."""

import json
import re

from flask import Flask
from flask.testing import FlaskClient

from config import ROOT
from referral.domain.businesses import issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import transaction
from tests.cast import open_shop
from tests.docs.markdown import blocks

README = ROOT / "README.md"


def test_the_call_of_the_readme_signs_a_friend_up(app: Flask, client: FlaskClient) -> None:
    shop = open_shop(at=clock.now())
    token = shop.click(shop.link_of(shop.customer("alice")))
    with transaction(), within(shop.business.id):
        key = issue_key(shop.business.id, KeyKind.SECRET, name="Server", at=shop.now)
    [call] = [block.text for block in blocks(README, "sh") if block.text.startswith("curl")]
    body = call.split("--json '")[1].rpartition("'")[0]
    answer = client.post(
        re.findall(r"https://refer\.example(\S+)", call)[0],
        json=json.loads(body.replace("prg_…", shop.program.public_id).replace("<ref>", token)),
        headers={"Authorization": f"Bearer {key}"},
    )
    assert (answer.status_code, answer.json["decision"]["outcome"]) == (201, "referred")


def test_the_two_lines_of_the_readme_are_those_of_the_widgets_manual(client: FlaskClient) -> None:
    [ours] = blocks(README, "html")
    manual = blocks(ROOT / "docs/widget.md", "html")[0]
    assert re.sub(r"https://[^/]+", "", ours.text) == re.sub(r"https://[^/]+", "", manual.text)
    [path] = re.findall(r'src="https://[^/]+([^"]+)"', ours.text)
    script = client.get(path)
    assert script.status_code == 200
    for word in ("data-key", "referral-signup"):
        assert word in script.text
