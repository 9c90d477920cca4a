"""Everything that the model knows too: as it is written down, and as the model has it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral
from referral.domain.businesses import within
from referral.domain.notices.notices import Notice
from referral.domain.people import Person
from referral.domain.programs import Program
from referral.domain.rewards import CreditBalance, LedgerAccount, Reward
from referral.domain.rewards.charities import Donation
from referral.domain.rewards.gift_confirmations import GiftConfirmation
from referral.domain.rewards.gift_stock import GiftCode
from referral.domain.rewards.qualifying import Qualification
from referral.foundation.db import session
from tests.machine.place import LOADED, Place, key_of, who
from tests.machine.records import Records
from tests.machine.things import Reward as Promise

TOLD = ("reward_expires", "credit_expires", "discount_ends")
"""Which mails the model knows too: what ends, ends after one of them."""


def written(place: Place) -> dict[str, Any]:
    """Read everything the model also knows out of the database and the provider."""
    session.rollback()
    with within(place.business.id):
        rewards = [
            (
                place.programs.index(row.program), row.side, who(row.person),
                row.purchase.external_id if row.purchase else None,
                row.kind, row.state, row.reason, row.amount_minor, row.clawback_minor,
                row.withheld_minor, row.debited_minor, row.owed_minor, row.netted_minor,
                row.settled_minor, row.forgiven_minor, row.expired_minor, row.open_holds,
                row.approvals_given, row.lapsed_at is not None,
                row.inputs.get("place"), _told(row.inputs.get("conversion")),
            )
            for row in session.scalars(select(Reward).options(*LOADED))
        ]  # fmt: skip
        referrals = session.scalars(
            select(Referral).options(joinedload(Referral.advocate), joinedload(Referral.friend))
        )
        sent = {
            (place.programs.index(one.program), who(one.friend)): who(one.advocate)
            for one in referrals
        }
        places = {
            (place.programs.index(one.referral.program), who(one.referral.friend)): one.place
            for one in session.scalars(select(Qualification))
        }
        committed = [
            session.get_one(Program, one.id, populate_existing=True).committed_minor
            for one in place.programs
        ]
        accounts = session.execute(select(LedgerAccount.name, LedgerAccount.balance_minor)).all()
        kept = _kept_here()
    names = ("reserved", "payable", "granted", "clawback_due")
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": sent,
        "places": _anything(places),
        "committed": committed,
        "ledger": {name: sum(sum_ for row, sum_ in accounts if row == name) for name in names},
        **_held_there(place),
        **kept,
    }


def _held_there(place: Place) -> dict[str, Any]:
    """Say what the provider holds or gave, of each kind."""
    bank, tables = place.bank, {}
    told = {"credit": bank.credit, "codes": bank.codes, "periods": bank.ends, "refunds": bank.back}
    for kind, table in told.items():
        tables[kind] = _anything({_short(one): held for one, held in table.items()})
    cash = _anything({_short(account): left for account, left in bank.sent_to().items()})
    return {**tables, "cash": cash, "balance": bank.balance}


def _short(key: str) -> str:
    """Call a customer or an account as the model does."""
    return key.rpartition("_")[2]


def _kept_here() -> dict[str, Any]:
    """Say what the business at work keeps of each kind itself."""
    balances = select(CreditBalance, Person).join(Person, Person.id == CreditBalance.person_id)
    codes = select(func.count(), func.count(GiftCode.reward_id), func.count(GiftCode.shown_at))
    net = Donation.amount_minor - Donation.withdrawn_minor
    owed = select(net).where(Donation.paid_at.is_(None))
    paid = select(net).where(Donation.paid_at.is_not(None))
    told = select(Notice.kind, func.count()).where(Notice.kind.in_(TOLD)).group_by(Notice.kind)
    words = select(GiftConfirmation.verdict, func.count()).group_by(GiftConfirmation.verdict)
    return {
        "words": dict(session.execute(words).all()),
        "told": dict(session.execute(told).all()),
        "store_credit": _anything(
            {who(holder): one.balance_minor for one, holder in session.execute(balances)}
        ),
        "gifts": tuple(session.execute(codes).one()),
        "donations": tuple(sum(session.scalars(query)) for query in (owed, paid)),
    }


def expected(place: Place) -> dict[str, Any]:
    """Say the same of the model."""
    mine = place.model
    rewards = [
        (
            mine.programs.index(one.referral.program), one.offer.side, one.person,
            key_of(one), one.kind, one.state, one.reason, one.amount, one.claw,
            one.withheld, one.debited, one.owed, one.netted, one.settled, one.forgiven,
            one.expired, len(one.holds), len(one.agreed),
            bool(one.code and one.code.has_lapsed), one.place, _rate(one),
        )
        for one in mine.rewards
    ]  # fmt: skip
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": {
            (mine.programs.index(one.program), one.friend): one.advocate for one in mine.referrals
        },
        "places": _anything(
            {(mine.programs.index(one.program), one.friend): one.place for one in mine.referrals}
        ),
        "committed": [program.committed for program in mine.programs],
        "ledger": _ledger(mine.rewards),
        **_totals(mine),
    }


def _told(conversion: dict[str, Any] | None) -> tuple[Any, ...] | None:
    """Say what a reward keeps of the rate it was converted by."""
    if conversion is None:
        return None
    return tuple(conversion[key] for key in ("currency", "amount_minor", "rate", "day"))


def _rate(one: Promise) -> tuple[Any, ...] | None:
    paid, rate = one.purchase, one.rate
    if paid is None or rate is None:
        return None
    return (paid.currency, paid.gross - paid.tax, rate.told, rate.day.isoformat())


def _ledger(rewards: Sequence[Promise]) -> dict[str, int]:
    """Say what lies in the accounts: what settles debts counts as granted from the start."""
    waiting = [one for one in rewards if one.state in ("approved", "granting")]
    given = [one for one in rewards if one.state in ("granted", "reversed")]
    return {
        "reserved": sum(one.payable for one in rewards if one.state == "pending"),
        "payable": sum(one.payable for one in waiting),
        "granted": sum(one.netted for one in waiting)
        + sum(one.amount - one.withheld - one.debited - one.expired for one in given)
        - sum(one.owed - one.forgiven for one in given),
        "clawback_due": sum(one.debt for one in rewards),
    }


def _totals(mine: Records) -> dict[str, Any]:
    out = mine.gifts.out.values()
    words = Counter(one.was_confirmed for one in mine.rewards)
    return {
        "words": _anything({"fulfilled": words[True], "refused": words[False]}),
        "told": _anything(mine.notices),
        "credit": _anything(mine.credit.of),
        "codes": _anything(mine.codes.of),
        "periods": _anything(mine.periods.ends),
        "refunds": _anything(mine.payments.back),
        "cash": _anything(mine.accounts.in_all()),
        "balance": mine.accounts.balance,
        "store_credit": _anything(mine.lots.in_all()),
        "gifts": (sum(mine.gifts.free.values()) + len(out), len(out), sum(out)),
        "donations": (sum(mine.donations.owed.values()), mine.donations.paid),
    }


def _anything(table: Mapping[Any, Any]) -> dict[Any, Any]:
    """Leave out who has nothing."""
    return {name: amount for name, amount in table.items() if amount}
