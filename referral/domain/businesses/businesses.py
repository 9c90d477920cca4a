"""Businesses and the sites they speak from; knows nothing of programs or people."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses.ownership import Owned
from referral.foundation.calendar import is_zone
from referral.foundation.db import Currency, Key, Long, Model, Moment, Name, session
from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key, public_id
from referral.foundation.inserts import insert_once
from referral.foundation.money import is_currency
from referral.foundation.text import plain


class Business(Model):
    """A tenant: its name, its currency, and the head of its audit chain."""

    prefix: ClassVar[str] = "biz"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[Name]
    site_url: Mapped[Long]
    currency: Mapped[Currency]
    created_at: Mapped[Moment]
    audit_count: Mapped[int] = mapped_column(default=0)
    audit_head: Mapped[str] = mapped_column(String(64), default="")
    time_zone: Mapped[str] = mapped_column(
        String(60), default="UTC", server_default="UTC", sort_order=1
    )

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class Site(Owned, Model):
    """An origin the business speaks from: the widget answers it, landing pages lie on it."""

    __table_args__ = (UniqueConstraint("business_id", "origin"),)

    id: Mapped[Key]
    origin: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[Moment]


def create_business(name: str, *, site_url: str, currency: str, at: datetime) -> Business:
    """Create a business with its first site; raises Invalid naming the field."""
    name = plain(name)
    if not name or len(name) > 200:
        raise Invalid(fields={"name": "Give the business a name of at most 200 characters."})
    currency = currency.strip().lower()
    if not is_currency(currency):
        raise Invalid(fields={"currency": "Use an ISO 4217 code such as eur."})
    origin = origin_of(site_url, field="site_url")
    business = Business(
        slug=_free_slug(name),
        name=name,
        site_url=address_of(site_url, field="site_url"),
        currency=currency,
        created_at=at,
    )
    session.add(business)
    session.flush()
    session.add(Site(business_id=business.id, origin=origin, created_at=at))
    return business


def set_time_zone(business: Business, zone: str) -> None:
    """Say where the business's days and months begin; raises Invalid for an unknown place.

    What was counted before stays in its day and month.
    """
    if not is_zone(zone.strip()):
        raise Invalid(fields={"time_zone": "Use a name such as Europe/Berlin."})
    business.time_zone = zone.strip()


def add_site(business: Business, url: str, *, at: datetime) -> Site:
    """Add the origin of an address to the business's sites; safe to repeat and in parallel."""
    origin = origin_of(url, field="site_url")
    row = {"id": new_key(), "business_id": business.id, "origin": origin, "created_at": at}
    insert_once(Site, row)
    query = select(Site).where(Site.business_id == business.id, Site.origin == origin)
    return session.scalars(query).one()


def has_origin(business_id: uuid.UUID, origin: str) -> bool:
    """Tell whether the business speaks from exactly this origin (S-53)."""
    query = select(Site.id).where(Site.business_id == business_id, Site.origin == origin)
    return session.scalar(query) is not None


def origin_of(url: str, *, field: str) -> str:
    """Return scheme, host and port of an http address; raises Invalid for anything else.

    One parser decides, and what it understood is what is used (S-72, S-74).
    """
    refused = Invalid(fields={field: "Give a full address such as https://shop.example/."})
    text = url.strip()
    if re.search(r"[\s\\\x00-\x1f\x7f-\x9f]", text):
        raise refused
    try:
        parts = urlsplit(_in_ascii(text))
        host, port = parts.hostname, parts.port
    except ValueError:
        raise refused from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise refused
    if not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:.]+", host):
        raise refused
    shown = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != standard else "")


def address_of(url: str, *, field: str) -> str:
    """Return an http address as it is sent, in ASCII; raises Invalid for anything else."""
    origin_of(url, field=field)
    return _in_ascii(url.strip())


def _in_ascii(address: str) -> str:
    """Return an address with its host in IDNA and the rest percent-encoded; raises ValueError.

    >>> _in_ascii("https://münchen.example/ü?q=a%20b")
    'https://xn--mnchen-3ya.example/%C3%BC?q=a%20b'
    """
    if address.isascii():
        return address
    parts = urlsplit(address)
    host, place = parts.hostname or "", parts.netloc.lower()
    if not host.isascii():
        place = place.replace(host, idna.encode(host, uts46=True).decode())
    whole = urlunsplit(parts._replace(netloc=place))
    return re.sub(r"[^\x00-\x7f]+", lambda found: quote(found[0]), whole)


_SPELLED = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th",
        "ħ": "h", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ŋ": "ng", "ŧ": "t", "'": "", "’": "",
    }
)  # fmt: skip
"""Letters that are no plain letter with a mark, as they are spelled without them."""


def _slug_of(name: str) -> str:
    """Return a name in plain letters and hyphens, at most 40; empty when none can be spelled.

    >>> _slug_of("Köln Röstöfen"), _slug_of("Smørrebrød & Łódź"), _slug_of("Alice's Café")
    ('koln-rostofen', 'smorrebrod-lodz', 'alices-cafe')
    """
    letters = unicodedata.normalize("NFKD", name.lower().translate(_SPELLED))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:40].strip("-")


def _free_slug(name: str) -> str:
    plain = _slug_of(name) or "business"
    taken = session.scalar(select(Business.id).where(Business.slug == plain))
    return plain if taken is None else f"{plain}-{secrets.token_hex(3)}"
