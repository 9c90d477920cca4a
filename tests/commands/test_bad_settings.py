"""Settings that cannot be: one line for each, naming it and what is expected, and no start."""

import subprocess
import sys

import pytest

from config import ROOT, Settings, UnsafeSettings

WRONG = {
    "REFERRAL_ENV": ("prod", "development or production or test, not 'prod'"),
    "PORT": ("70000", "a whole number from 1 to 65535, not '70000'"),
    "CLOCK_OFFSET_S": ("abc", "a whole number, not 'abc'"),
    "RATE_LIMIT_SCALE": ("nan", "a number above 0 and at most 1000000, not 'nan'"),
    "WEB_PROCESSES": ("-1", "a whole number from 0 to 64, not '-1'"),
}
STRANGE = {
    "DATABASE_URL": "postgresql://olive:secret@host:port/referral",
    "BASE_URL": "http://refer.example/inside",
    "REDIS_URL": "localhost:6379",
    "MAIL_URL": "mail.example:25",
    "STRIPE_API_BASE": "127.0.0.1:8001",
}


def said_about(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnsafeSettings) as refused:
        Settings.read()
    return str(refused.value).splitlines()


def test_every_misread_setting_says_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_about(monkeypatch, {name: value for name, (value, _) in WRONG.items()})
    assert set(said) == {f"{name} must be {wanted}." for name, (_, wanted) in WRONG.items()}


def test_every_strange_address_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_about(monkeypatch, STRANGE)
    assert [line.split()[0] for line in said] == list(STRANGE)
    assert "secret" not in "".join(said)


def test_what_is_misread_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"PORT": "abc", "MAIL_URL": "foo", "BASE_URL": "http://x"}
    said = said_about(monkeypatch, {"REFERRAL_ENV": "production", "SECRET_KEY": "weak"} | wrong)
    named = ["PORT", "MAIL_URL", "SECRET_KEY", "BASE_URL", "DATABASE_URL"]
    assert [line.split()[0] for line in said] == named


@pytest.mark.parametrize(
    "settings",
    [
        {"database_url": "postgres://u:p@host:5432/referral"},
        {"database_url": "postgresql:///referral?host=/run/postgresql"},
        {"database_url": "sqlite:////var/lib/referral/referral.sqlite3"},
        {"base_url": "https://refer.example/", "mail_url": "smtps://u:p@mail.example"},
        {"redis_url": "unix:///run/redis.sock", "mail_url": "file:/tmp/outbox"},
    ],
)
def test_addresses_as_they_are_written_in_the_documents_are_accepted(
    settings: dict[str, str],
) -> None:
    assert Settings(**settings).problems() == []  # type: ignore[arg-type]


def test_an_empty_setting_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert Settings.read().port == 8000


@pytest.mark.parametrize(
    "command",
    [
        ["flask", "--app", "wsgi", "serve", "--demo"],
        ["flask", "--app", "wsgi", "audit-ledger"],
        ["gunicorn", "--config", "gunicorn.conf.py"],
    ],
    ids=lambda command: command[-1],
)
def test_every_command_says_it_in_plain_lines_and_fails(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={
            "REFERRAL_ENV": "production",
            "SECRET_KEY": "weak",
            "BASE_URL": "http://refer.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        "SECRET_KEY",
        "BASE_URL",
        "DATABASE_URL",
    ]
