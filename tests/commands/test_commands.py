"""Setting up from the command line: JSON out, refusals in one line, nothing half-done."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from referral.commands.offers import read_offer
from referral.domain.businesses import Business, Operator, across_businesses
from referral.domain.businesses.credentials import check_password, set_up_operator
from referral.domain.businesses.keys import KeyKind, business_of_key
from referral.domain.programs import Kind, Offer, Side, Trigger
from referral.foundation.db import db, session, transaction
from referral.foundation.errors import Invalid
from tests.cast import NOON

BUSINESS = [
    "create-business",
    "--name=Corner Coffee",
    "--site-url=https://shop.example/",
    "--currency=eur",
    "--owner-email=olive@shop.example",
    "--owner-name=Olive",
]


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def made(runner: FlaskCliRunner, *arguments: str) -> dict[str, str]:
    result = runner.invoke(args=[*arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, str] = json.loads(result.output)
    return found


def test_a_business_comes_with_its_keys_and_its_owners_way_in(
    app: Flask, runner: FlaskCliRunner
) -> None:
    business = made(runner, *BUSINESS)
    opened = business_of_key(business["secret_key"], KeyKind.SECRET)
    assert opened is not None
    assert opened.public_id == business["id"]
    assert business_of_key(business["publishable_key"], KeyKind.PUBLISHABLE) is opened
    assert business_of_key(business["publishable_key"], KeyKind.SECRET) is None
    path = business["owner_sign_in_url"].removeprefix("http://localhost")
    assert app.test_client().get(path).status_code == 200


def test_a_second_business_leaves_the_owners_first_way_in_open(
    app: Flask, runner: FlaskCliRunner
) -> None:
    ways = [
        made(runner, *BUSINESS, f"--name={name}")["owner_sign_in_url"].removeprefix(
            "http://localhost"
        )
        for name in ("Corner Coffee", "Corner Tea")
    ]
    assert [app.test_client().get(way).status_code for way in ways] == [200, 200]
    with transaction():
        olive = session.scalars(select(Operator)).one()
        set_up_operator(olive, "seven green kettles", "JBSWY3DPEHPK3PXP", at=NOON)
    for way in ways:
        answer = app.test_client().get(way)
        assert answer.status_code == 410
        assert "You have set up your sign-in already" in answer.text
    third = made(runner, *BUSINESS, "--name=Corner Cake")["owner_sign_in_url"]
    assert third == "http://localhost/console/sign-in"


def test_a_program_has_the_offers_that_were_named(app: Flask, runner: FlaskCliRunner) -> None:
    business = made(runner, *BUSINESS)
    program = made(
        runner,
        "create-program",
        f"--business={business['id']}",
        "--name=Friends",
        "--landing-url=https://shop.example/hello",
        "--advocate-offer=account_credit:12.5%",
        "--friend-offer=discount:500",
        "--trigger=purchase",
        "--hold-days=7",
        "--approval=staff",
        "--touch=last",
        "--budget=100000",
    )
    offers = [(one["side"], one["amount_minor"], one["rate_bp"]) for one in program["offers"]]  # type: ignore[index]
    assert offers == [("advocate", None, 1250), ("friend", 500, None)]
    assert program["state"] == "active"


def test_a_program_is_told_in_plain_words(app: Flask, runner: FlaskCliRunner) -> None:
    business = made(runner, *BUSINESS)
    result = runner.invoke(
        args=[
            "create-program",
            f"--business={business['id']}",
            "--name=Friends",
            "--landing-url=https://shop.example/hello",
            "--advocate-offer=choice:1000:account_credit,cash",
            "--friend-offer=discount:500",
            "--advocate-tiers=1:1000,5:1500",
        ]
    )
    assert result.exit_code == 0, result.output
    assert "choices account_credit / cash" in result.output
    assert "tiers friends 1, amount_minor 1000 / friends 5, amount_minor 1500" in result.output
    assert "first_order_only no" in result.output
    assert not set("<[{") & set(result.output)


def test_mistakes_are_said_as_sentences_one_after_the_other(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=[*BUSINESS, "--stripe-secret-key=sk", "--stripe-webhook-secret=§"])
    assert result.output == (
        "Error: --stripe-secret-key: A Stripe key starts with sk_test_, sk_live_, rk_test_ or"
        " rk_live_: copy it whole."
        " --stripe-webhook-secret: Give the signing secret of the webhook endpoint.\n"
    )


def test_the_help_shows_how_each_kind_is_written(runner: FlaskCliRunner) -> None:
    told = " ".join(runner.invoke(args=["create-program", "--help"]).output.split())
    for said in ("recognition:WORDS", "choice:1000:cash,gift", "gift:1000:webhook"):
        assert said in told


def test_an_operator_who_lost_everything_sets_up_anew(app: Flask, runner: FlaskCliRunner) -> None:
    made(runner, *BUSINESS)
    with transaction():
        olive = session.scalars(select(Operator)).one()
        set_up_operator(olive, "good coffee takes time", "JBSWY3DPEHPK3PXP", at=NOON)
    result = runner.invoke(args=["reset-operator", "--email=Olive@shop.example"])
    assert result.exit_code == 0, result.output
    path = result.output.strip().removeprefix("http://localhost")
    assert app.test_client().get(path).status_code == 200
    assert check_password("olive@shop.example", "good coffee takes time") is None


def test_an_unknown_operator_is_not_reset(runner: FlaskCliRunner) -> None:
    result = runner.invoke(args=["reset-operator", "--email=mallory@shop.example"])
    assert (result.exit_code, "no such operator" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--currency=euro", "ISO 4217"),
        ("--site-url=shop", "--site-url: Give a full address"),
        ("--owner-email=nobody", "--owner-email: Give an email"),
        ("--stripe-secret-key=pk_test_x", "Stripe key"),
    ],
)
def test_a_wrong_business_is_refused_whole(
    app: Flask, runner: FlaskCliRunner, argument: str, said: str
) -> None:
    result = runner.invoke(args=[*BUSINESS, argument])
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    assert session.scalar(select(func.count()).select_from(Business)) == 0


def test_a_wrong_offer_leaves_no_program_behind(app: Flask, runner: FlaskCliRunner) -> None:
    business = made(runner, *BUSINESS)
    result = runner.invoke(
        args=[
            "create-program",
            f"--business={business['id']}",
            "--name=Friends",
            "--landing-url=https://shop.example/hello",
            "--advocate-offer=gold:1000",
        ]
    )
    assert result.exit_code == 1
    assert "account_credit" in result.output
    counted = select(func.count()).select_from(Offer).execution_options(**across_businesses())
    assert session.scalar(counted) == 0


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--landing-url=shop", "--landing-url: Give a full address"),
        ("--business=biz_unknown", "--business: There is no business of this id."),
        (f"--business=biz_{'0' * 26}", "--business: There is no business of this id."),
    ],
)
def test_a_wrong_program_is_refused_by_the_name_of_its_option(
    runner: FlaskCliRunner, argument: str, said: str
) -> None:
    business = made(runner, *BUSINESS)
    right = [f"--business={business['id']}", "--name=Friends", "--landing-url=https://x.example/"]
    result = runner.invoke(args=["create-program", *right, argument])
    assert (result.exit_code, result.output.startswith(f"Error: {said}")) == (1, True)


def test_the_help_names_every_kind_of_offer(runner: FlaskCliRunner) -> None:
    said = runner.invoke(args=["create-program", "--help"]).output
    assert [kind for kind in Kind if kind not in said] == []


def test_the_auditor_finds_a_fresh_business_in_order(app: Flask, runner: FlaskCliRunner) -> None:
    made(runner, *BUSINESS)
    result = runner.invoke(args=["audit-ledger"])
    assert result.exit_code == 0, result.output
    assert "0 violations" in result.output


@pytest.mark.parametrize(
    ("text", "amount_minor", "rate_bp"),
    [
        ("account_credit:1000", 1000, None),
        ("account_credit:10%", None, 1000),
        ("account_credit:0.5%", None, 50),
    ],
)
def test_an_offer_is_an_amount_or_a_rate(
    text: str, amount_minor: int | None, rate_bp: int | None
) -> None:
    offer = read_offer(Side.ADVOCATE, text, Trigger.PURCHASE)
    assert offer is not None
    assert (offer.kind, offer.amount_minor, offer.rate_bp) == (
        Kind.ACCOUNT_CREDIT,
        amount_minor,
        rate_bp,
    )


@pytest.mark.parametrize(
    "text",
    ["account_credit", "account_credit:", "account_credit:1.5", "account_credit:1.555%", "x:1"],
)
def test_an_offer_written_wrong_says_how_to_write_it(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_offer(Side.ADVOCATE, text, Trigger.PURCHASE)
    assert set(refused.value.fields) == {"advocate_offer"}


def test_a_database_that_was_not_migrated_is_said_in_one_line(app: Flask) -> None:
    db.drop_all()
    result = app.test_cli_runner().invoke(args=BUSINESS)
    assert result.exit_code == 1
    said = result.output.strip()
    assert said.startswith("Error: The database ") and "\n" not in said
    assert said.endswith("Migrate it: flask --app wsgi db upgrade")
