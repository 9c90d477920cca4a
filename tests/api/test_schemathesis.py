"""Schemathesis reads the document, makes good and bad calls from it, and finds no fault."""

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from babel.numbers import list_currencies
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation

from referral.foundation.money import is_currency
from tests.api.conformance import document
from tests.api.conftest import Stage, running, set_up
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate

# What these texts are, a JSON Schema cannot say more exactly than by name.
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)
EMAILS = st.builds("{}@{}.example".format, LETTERS, LETTERS)
CURRENCIES = st.sampled_from(
    sorted(filter(is_currency, (code.lower() for code in list_currencies())))
)
MOMENTS = st.datetimes(
    min_value=datetime.fromisoformat("2001-01-01"), max_value=datetime.fromisoformat("2026-01-01")
)
schemathesis.openapi.format("email", EMAILS)
schemathesis.openapi.format("iso4217", CURRENCIES)
schemathesis.openapi.format("date-time", MOMENTS.map(lambda at: f"{at.isoformat()}Z"))

CONFIG = {
    "generation": {"deterministic": True, "max-examples": 10},
    "phases": {"stateful": {"enabled": False}},
}


class Behind:
    """Stands for the application until a test has one."""

    app: Flask

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return self.app(environ, start_response)


behind = Behind()
schema = schemathesis.openapi.from_dict(document(), config=SchemathesisConfig.from_dict(CONFIG))
schema.app = behind


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A shop in which everything has happened once."""
    url = cloned_database(request.param, migrate=migrate)
    with running(url) as app:
        behind.app = app
        stage = set_up(app)
        stage.reward()
        yield stage
    drop_database(url)


def mend(case: schemathesis.Case) -> None:
    """Make a good call good also by the rules a schema cannot say."""
    if is_good(case, ParameterLocation.QUERY):
        case.query.pop("after", None)  # only our own cursors are good
    if is_good(case, ParameterLocation.HEADER) and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex  # good once only
    if is_good(case, ParameterLocation.BODY) and "tax_minor" in case.body:
        case.body["tax_minor"] = min(case.body["tax_minor"], case.body["gross_minor"])
    if isinstance(case.body, dict) and "quote" in case.body:
        mend_rate(case.body)


def mend_rate(body: dict[str, Any]) -> None:
    """Name two currencies, a rate above zero and a day that has been, where these are good."""
    if body.get("quote") == body.get("base"):
        body["quote"] = "usd" if body["base"] != "usd" else "eur"
    if isinstance(rate := body.get("rate"), str) and rate and not rate.strip("0."):
        body["rate"] = "1.0832"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(body.get("date"))):
        body["date"] = "2026-11-20"


def is_good(case: schemathesis.Case, part: ParameterLocation) -> bool:
    told = case.meta.components.get(part) if case.meta else None
    return told is not None and told.mode is schemathesis.GenerationMode.POSITIVE


@pytest.mark.slow
@schema.parametrize()
@settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_call_is_answered_as_the_document_says(case: schemathesis.Case, stage: Stage) -> None:
    mend(case)
    case.call_and_validate(headers={"Authorization": f"Bearer {stage.key}"})
