"""Production refuses to start unsafely, and says everything that is wrong at once."""

from typing import Any

import pytest

from config import DEMO_DATABASE, DEVELOPMENT_SECRET, Settings, UnsafeSettings

SAFE: dict[str, Any] = {
    "referral_env": "production",
    "secret_key": "x" * 32,
    "base_url": "https://refer.shop.example",
    "database_url": "postgresql://db/referral",
    "mail_url": "smtp://mail:25",
}


def test_safe_settings_are_accepted() -> None:
    assert Settings(**SAFE).check().is_production


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": ""}, "SECRET_KEY"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"secret_key": DEVELOPMENT_SECRET}, "SECRET_KEY"),
        ({"base_url": "http://refer.shop.example"}, "BASE_URL"),
        ({"base_url": ""}, "BASE_URL"),
        ({"database_url": ""}, "DATABASE_URL"),
        ({"database_url": DEMO_DATABASE}, "DATABASE_URL"),
        ({"clock_offset_s": 60}, "CLOCK_OFFSET_S"),
        ({"failpoint": "CP1"}, "FAILPOINT"),
        ({"outgoing_networks": "10.1.2.3/16"}, "OUTGOING_NETWORKS"),
        ({"stripe_api_base": "http://127.0.0.1:1"}, "STRIPE_API_BASE"),
    ],
)
def test_production_refuses(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=named):
        Settings(**(SAFE | change)).check()


def test_a_live_key_never_goes_to_another_address() -> None:
    wrong = {"stripe_api_base": "http://127.0.0.1:1", "stripe_secret_key": "sk_live_x"}
    with pytest.raises(UnsafeSettings, match="STRIPE_API_BASE"):
        Settings(referral_env="test", **wrong).check()


def test_everything_wrong_is_said_at_once() -> None:
    said = "\n".join(Settings(referral_env="production").problems())
    assert all(name in said for name in ("SECRET_KEY", "BASE_URL", "DATABASE_URL"))


def test_a_plain_postgresql_address_means_psycopg() -> None:
    url = Settings(database_url="postgresql://u@/db?host=/run/pg").sqlalchemy_url
    assert url == "postgresql+psycopg://u@/db?host=/run/pg"


def test_a_missing_mail_server_is_said_but_does_not_stop_the_start() -> None:
    settings = Settings(**(SAFE | {"mail_url": ""})).check()
    assert "MAIL_URL" in settings.warnings()[0]


def test_the_clock_moves_in_tests_only() -> None:
    assert Settings(referral_env="test", clock_offset_s=60).problems() == []
    assert Settings(referral_env="development", clock_offset_s=60).problems() != []
