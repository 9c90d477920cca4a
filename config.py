"""The product's settings, read from the environment once; nothing else reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent
INSTANCE = ROOT / "instance"
DEMO_DATABASE = f"sqlite:///{INSTANCE / 'referral.sqlite3'}"
DEVELOPMENT_SECRET = "development-only-secret-not-for-production"


class Environment(StrEnum):
    """Where the product runs: it decides which shortcuts are allowed."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TEST = "test"


# What an address must look like, and how to say so.
_ADDRESSES = {
    "database_url": (
        r"(postgres(ql)?(\+psycopg)?|sqlite)://.*",
        "postgresql://user:password@host/name or sqlite:////folder/file",
    ),
    "base_url": (r"https?://[^/?#@\s]+/?", "an address without a path: https://refer.example"),
    "redis_url": (r"(rediss?|unix|redis\+\w+)://.+", "redis://host:6379/0"),
    "mail_url": (r"(smtps?://|file:).+", "smtp://host:25, smtps://host or file:/folder"),
    "stripe_api_base": (r"https?://[^/?#\s]+", "an address without a path"),
}


class UnsafeSettings(Exception):
    """The settings are unreadable or a risk to customers or money: the product does not start."""


class Settings(BaseSettings):
    """Every setting with its default; `problems` says which ones are not fit for production."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    referral_env: Environment = Environment.DEVELOPMENT
    secret_key: SecretStr = SecretStr("")
    database_url: str = ""
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    redis_url: str = ""
    mail_url: str = ""
    mail_from: str = ""
    stripe_api_base: str = ""
    practice_stripe_url: str = ""
    demo_operator: str = ""
    practice_stripe_port: int = Field(0, ge=0, le=65535)
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    trusted_proxies: int = Field(0, ge=0, le=10)
    metrics_token: SecretStr = SecretStr("")
    outgoing_networks: str = ""
    rate_limit_scale: float = Field(1.0, gt=0, le=1_000_000)
    clock_offset_s: int = 0
    web_threads: int = Field(0, ge=0, le=64)
    web_processes: int = Field(0, ge=0, le=64)
    failpoint: str = ""

    @classmethod
    def read(cls) -> Settings:
        """Read the environment; raises UnsafeSettings, one line for each setting that is wrong."""
        try:
            return cls().check()
        except ValidationError as error:
            given = {str(one["loc"][0]).lower(): one["input"] for one in error.errors()}
            found = [_misread(name, value) for name, value in given.items()]
            rest = cls(**{name: cls.model_fields[name].default for name in given})
            raise UnsafeSettings("\n".join(found + rest.problems())) from None

    @cached_property
    def is_production(self) -> bool:
        return self.referral_env is Environment.PRODUCTION

    @cached_property
    def is_test(self) -> bool:
        return self.referral_env is Environment.TEST

    @cached_property
    def signing_key(self) -> str:
        """Return the secret that signs and encrypts; development has a public one of its own."""
        return self.secret_key.get_secret_value() or DEVELOPMENT_SECRET

    @cached_property
    def sqlalchemy_url(self) -> str:
        """Return the database address for SQLAlchemy; plain PostgreSQL means psycopg 3."""
        url = self.database_url or DEMO_DATABASE
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    @cached_property
    def public_url(self) -> str:
        """Return the address people reach us at, without a trailing slash."""
        return (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @cached_property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @cached_property
    def mail_address(self) -> str:
        """Return where mail goes: the setting, or a folder of .eml files in development."""
        return self.mail_url or ("" if self.is_production else f"file:{INSTANCE / 'outbox'}")

    @cached_property
    def sender(self) -> str:
        return self.mail_from or f"no-reply@{urlsplit(self.public_url).hostname}"

    @cached_property
    def networks_reached(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the private networks in which businesses may have a server of theirs."""
        return tuple(
            ip_network(one.strip()) for one in self.outgoing_networks.split(",") if one.strip()
        )

    def but(self, **changes: Any) -> Settings:
        """Return these settings with a few changed."""
        return Settings(**{**self.model_dump(), **changes})

    def problems(self) -> list[str]:
        """List what is wrong with these settings, each with what to do about it."""
        found = list(self._strange_addresses())
        if self.is_production:
            if (
                len(self.secret_key.get_secret_value()) < 32
                or self.signing_key == DEVELOPMENT_SECRET
            ):
                found.append("SECRET_KEY must be a secret of at least 32 characters.")
            if not (self.is_https and urlsplit(self.public_url).hostname):
                found.append("BASE_URL must be the https address people reach this server at.")
            if self.sqlalchemy_url == DEMO_DATABASE or ":memory:" in self.database_url:
                found.append("DATABASE_URL must name the production database, not the demo's.")
        if not _are_networks(self.outgoing_networks):
            found.append("OUTGOING_NETWORKS must be networks such as 10.1.0.0/16,fd00:1::/64.")
        if self.clock_offset_s and not self.is_test:
            found.append("CLOCK_OFFSET_S is only allowed with REFERRAL_ENV=test.")
        if self.failpoint and not self.is_test:
            found.append("FAILPOINT is only allowed with REFERRAL_ENV=test.")
        if self.stripe_api_base and "_live_" in self.stripe_secret_key.get_secret_value():
            found.append("STRIPE_API_BASE is refused with a live Stripe key.")
        if self.is_production and self.stripe_api_base:
            found.append("STRIPE_API_BASE is for tests and the demo; remove it in production.")
        return found

    def _strange_addresses(self) -> Iterator[str]:
        """Say which addresses cannot be one, without repeating the passwords they may hold."""
        for name, (pattern, example) in _ADDRESSES.items():
            address = getattr(self, name)
            if address and not (re.fullmatch(pattern, address) and _has_good_port(address)):
                yield f"{name.upper()} must be {example}."

    def warnings(self) -> list[str]:
        """List what works only in part with these settings."""
        if self.is_production and not self.mail_url:
            return ["MAIL_URL is not set, so nobody can sign in to the portal: smtp://mail:25."]
        return []

    def check(self) -> Settings:
        """Return these settings, or raise UnsafeSettings naming everything that is wrong."""
        found = self.problems()
        if found:
            raise UnsafeSettings("\n".join(found))
        return self


def _misread(name: str, given: object) -> str:
    """Say what a setting must be, and what it was; only numbers and names can be misread."""
    wanted = _expected(Settings.model_fields[name.lower()])
    return f"{name.upper()} must be {wanted}, not {str(given)[:40]!r}."


def _expected(field: FieldInfo) -> str:
    if field.annotation is Environment:
        return " or ".join(Environment)
    kind = "a number" if field.annotation is float else "a whole number"
    bounds = {type(one): one for one in field.metadata}
    if Ge in bounds:
        return f"{kind} from {bounds[Ge].ge} to {bounds[Le].le}"
    return f"{kind} above {bounds[Gt].gt} and at most {bounds[Le].le}" if bounds else kind


def _are_networks(text: str) -> bool:
    try:
        return all(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError:
        return False


def _has_good_port(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False
