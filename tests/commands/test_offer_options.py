"""`create-program` with the further forms of an offer, and rates imported from a file."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from referral.commands.businesses import find_business
from referral.domain.businesses import within
from referral.domain.businesses.endpoints import set_endpoint
from referral.foundation import clock
from referral.foundation.db import transaction
from tests.commands.test_commands import BUSINESS, made

LIST = "Date,USD,JPY,\n2026-10-30,1.0832,160.2,\n2026-10-29,1.0801,N/A,\n2020-01-02,1.1,120,\n"


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def program(
    runner: FlaskCliRunner, *options: str, business: object = None
) -> list[dict[str, object]]:
    business = business or made(runner, *BUSINESS)["id"]
    said = made(
        runner,
        "create-program",
        f"--business={business}",
        "--name=Friends",
        "--landing-url=https://shop.example/hello",
        *options,
    )
    return said["offers"]  # type: ignore[return-value]


def test_a_gift_says_who_has_it(runner: FlaskCliRunner) -> None:
    business = made(runner, *BUSINESS)["id"]
    with transaction():
        owner = find_business(str(business))
        with within(owner.id):
            set_endpoint(owner.id, "https://shop.example/gifts", at=clock.now())
    [own] = program(runner, "--advocate-offer=gift:1000:webhook", business=business)
    assert (own["kind"], own["amount_minor"], own["fulfilment"]) == ("gift", 1000, "webhook")


@pytest.mark.parametrize(
    ("offer", "amount_minor", "periods"),
    [("free_period:1000", 1000, 1), ("free_period:1000:2", 1000, 2), ("free_period:5:1", 5, 1)],
)
def test_free_time_says_its_worth_and_how_much_it_is(
    runner: FlaskCliRunner, offer: str, amount_minor: int, periods: int
) -> None:
    [own] = program(runner, f"--advocate-offer={offer}")
    assert (own["amount_minor"], own["periods"]) == (amount_minor, periods)


def test_tiers_begin_with_the_offers_own_amount(runner: FlaskCliRunner) -> None:
    tiers = [{"friends": 1, "amount_minor": 1000}, {"friends": 5, "amount_minor": 1500}]
    [offer] = program(
        runner, "--advocate-offer=account_credit:1000", "--advocate-tiers=5:1500", "--minimum=2000"
    )
    assert (offer["tiers"], offer["minimum_minor"]) == (tiers, 2000)


def test_tiers_may_be_rates_and_say_everything(runner: FlaskCliRunner) -> None:
    [offer] = program(
        runner,
        "--advocate-offer=account_credit",
        "--trigger=renewal",
        "--advocate-tiers=1:10%,5:15%",
        "--times=12",
        "--cap=5000",
    )
    assert offer["tiers"] == [{"friends": 1, "rate_bp": 1000}, {"friends": 5, "rate_bp": 1500}]
    assert (offer["rate_bp"], offer["times"], offer["cap_minor"]) == (1000, 12, 5000)


def test_a_milestone_and_what_the_friend_gets(runner: FlaskCliRunner) -> None:
    advocate, friend = program(
        runner,
        "--advocate-offer=account_credit:5000",
        "--trigger=milestone",
        "--milestone-every=5",
        "--friend-offer=account_credit:5%",
        "--friend-trigger=purchase",
        "--friend-times=3",
        "--currency=KWD",
    )
    assert (advocate["milestone_every"], advocate["currency"]) == (5, "kwd")
    assert (friend["trigger"], friend["times"]) == ("purchase", 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--trigger=milestone"], "A milestone is either every so many friends"),
        (["--advocate-offer=free_period:1"], "--advocate-offer: Write a free period as free_per"),
        (["--advocate-offer=free_period:900:x"], "--advocate-offer: Write a free period as free"),
        (["--advocate-offer=free_period:900:13"], "--advocate-offer: Give between 1 and 12 free"),
        (["--advocate-offer=recognition:0"], "--advocate-offer: Write the thank-you in your own"),
        (["--advocate-offer=recognition:10%"], "--advocate-offer: Write the thank-you in your own"),
        (["--advocate-tiers=5-1500"], "Write the tiers as FRIENDS:AMOUNT"),
        (["--advocate-tiers=1:900,5:1500"], "The first tier is what the offer gives"),
        (["--currency=xxq"], "ISO 4217"),
        (["--advocate-offer=gift:1000:webhook"], "Set up your gift server first"),
        (["--minimum-payout=2000"], "--minimum-payout: Only money that is paid out"),
        (
            ["--friend-offer=discount:10%", "--friend-minimum-payout=900"],
            "--friend-minimum-payout: Only money that is",
        ),
        (["--trigger=signup", "--advocate-tiers=5:1500"], "--advocate-tiers: Steps by the number"),
        (["--trigger=signup", "--times=3"], "--times: How many times is said of purchases"),
        (["--milestone-every=5"], "--milestone-every: A milestone is either every"),
        (["--trigger=signup", "--minimum=900"], "--minimum: A signup has no purchase"),
        (["--cap=900"], "--cap: Only a share has a most each time"),
        (["--advocate-offer=recognition:Hi", "--person-cap=9"], "--person-cap: A thank-you has no"),
        (["--advocate-offer=recognition:Hi", "--advocate-tiers=5:9"], "--advocate-tiers: A thank"),
        (["--advocate-offer=cash:9", "--advocate-fallback=gift"], "--advocate-fallback: Only acc"),
        (["--credit-life-days=90"], "--credit-life-days: Neither side gets store credit"),
        (["--own-words"], "--own-words: Neither side gets a thank-you"),
        (["--discount-days=30"], "--discount-days: Neither side gets a discount"),
        (["--friend-cap=900"], "--friend-cap: There is no offer"),
        (["--friend-trigger=signup"], "--friend-trigger: There is no offer"),
        (["--advocate-offer=choice:900:gift,charity", "--minimum-payout=9"], "--minimum-payout: O"),
    ],
)
def test_what_does_not_fit_is_refused(
    runner: FlaskCliRunner, options: list[str], said: str
) -> None:
    business = made(runner, *BUSINESS)["id"]
    result = runner.invoke(
        args=[
            "create-program",
            f"--business={business}",
            "--name=Friends",
            "--landing-url=https://shop.example/hello",
            "--advocate-offer=account_credit:1000",
            *options,
        ]
    )
    assert result.exit_code == 1
    assert said in result.output


def test_rates_are_imported_from_a_file_once(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "eurofxref-hist.csv"
    path.write_text(LIST)
    business = made(runner, *BUSINESS)["id"]
    args = ["import-exchange-rates", f"--business={business}", f"--file={path}",
            "--since=2026-01-01", "--json"]  # fmt: skip
    first, again = (runner.invoke(args=args) for _ in range(2))
    assert json.loads(first.output) == {"read": 3, "new": 3}
    assert json.loads(again.output) == {"read": 3, "new": 0}
    path.write_text("Date,USD\n2026-10-30,2\n")
    other = runner.invoke(args=args)
    assert (other.exit_code, "it stays" in other.output) == (1, True)


def test_what_is_given_instead_of_credit_is_said_with_its_days(runner: FlaskCliRunner) -> None:
    advocate, friend = program(
        runner,
        "--advocate-offer=account_credit:1000",
        "--advocate-fallback=gift:30",
        "--friend-offer=account_credit:500",
        "--friend-fallback=store_credit",
        "--credit-life-days=90",
    )
    assert (advocate["fallback_kind"], advocate["fallback_days"]) == ("gift", 30)
    assert (friend["fallback_kind"], friend["fallback_days"]) == ("store_credit", 14)
    assert (advocate["credit_life_days"], friend["credit_life_days"]) == (None, 90)


def test_a_thank_you_may_be_written_to_each(runner: FlaskCliRunner) -> None:
    advocate, friend = program(
        runner,
        "--advocate-offer=recognition:Thank you!",
        "--own-words",
        "--friend-offer=account_credit:500",
    )
    assert (advocate["own_words"], friend["own_words"]) == (True, False)


def test_each_side_has_its_own_smallest_payout(runner: FlaskCliRunner) -> None:
    advocate, friend = program(
        runner,
        "--advocate-offer=cash:500",
        "--minimum-payout=2000",
        "--friend-offer=account_credit:500",
        "--friend-fallback=cash:30",
        "--friend-minimum-payout=1000",
    )
    assert (advocate["minimum_payout_minor"], friend["minimum_payout_minor"]) == (2000, 1000)


def test_a_choice_takes_what_its_kinds_have(runner: FlaskCliRunner) -> None:
    [offer] = program(
        runner,
        "--advocate-offer=choice:500:cash,store_credit",
        "--minimum-payout=2000",
        "--credit-life-days=90",
    )
    assert (offer["minimum_payout_minor"], offer["credit_life_days"]) == (2000, 90)
