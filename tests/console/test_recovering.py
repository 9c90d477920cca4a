"""A business that looks before it sends says so in the console, and by the command."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select, update

from referral.domain.businesses import AuditEntry, connect_stripe, within
from referral.domain.rewards.recovering import Recovery, reconcile_first, recovery_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.console.conftest import Desk
from tests.console.visiting import check_page

PATH = "/console/settings/stripe"


def connect(desk: Desk) -> None:
    with within(desk.shop.business.id), transaction():
        terms = {"secret_key": "sk_test_abc", "webhook_secret": "whsec_abc"}
        connect_stripe(desk.shop.business.id, **terms, at=clock.now())


def is_recovering(desk: Desk) -> bool:
    session.rollback()
    with within(desk.shop.business.id):
        return recovery_of(desk.shop.business.id) is not None


def test_the_stripe_page_names_what_is_not_known_here(desk: Desk) -> None:
    assert "Looking before sending" not in check_page(desk.client.get(PATH))
    connect(desk)
    with within(desk.shop.business.id), transaction():
        reconcile_first(desk.shop.business.id, reason="No worker was at work.", at=clock.now())
        session.execute(update(Recovery).values(unknown=["cbtxn_1"], adopted=3))
    page = check_page(desk.client.get(PATH))
    assert "Looking before sending" in page
    assert "cbtxn_1" in page


def test_the_command_begins_and_ends_it(app: Flask, desk: Desk) -> None:
    connect(desk)
    runner = app.test_cli_runner()
    begun = runner.invoke(args=["reconcile-first"])
    assert (begun.exit_code, begun.output) == (0, "1 look before they send.\n")
    assert is_recovering(desk)
    assert runner.invoke(args=["reconcile-first", "--end"]).exit_code == 2
    mine = f"--business={desk.shop.business.public_id}"
    assert runner.invoke(args=["reconcile-first", mine, "--end"]).exit_code == 0
    assert not is_recovering(desk)
    assert runner.invoke(args=["reconcile-first", mine]).exit_code == 0
    assert is_recovering(desk)
    assert runner.invoke(args=["reconcile-first", "--business=biz_nobody"]).exit_code == 1


def test_the_command_says_what_it_did_and_writes_down_no_more(app: Flask, desk: Desk) -> None:
    runner, mine = app.test_cli_runner(), f"--business={desk.shop.business.public_id}"

    def said(*more: str) -> str:
        result = runner.invoke(args=["reconcile-first", *more])
        assert result.exit_code == 0, result.output
        return result.output

    assert said() == "0 look before they send: none is connected to Stripe.\n"
    assert said(mine) == "0 look before they send: it is not connected to Stripe.\n"
    assert not is_recovering(desk)
    connect(desk)
    assert said(mine, "--end") == "0 ended: it did not look before it sends.\n"
    assert said(mine) == "1 look before they send.\n"
    assert said(mine, "--end") == "1 ended.\n"
    with within(desk.shop.business.id):
        acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert acts[-2:] == ["recovering.began", "recovering.ended"]
    assert sum(act.startswith("recovering.") for act in acts) == 2
