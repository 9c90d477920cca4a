"""What is promised in the histories: every kind of reward, to either side."""

from typing import Any

from referral.domain.programs import Kind, Side, Trigger
from tests.machine.promises import Offer

GIFT_WORTH = 1000


def promise(
    side: Side,
    trigger: Trigger,
    *,
    kind: Kind = Kind.ACCOUNT_CREDIT,
    amount: int | None = None,
    rate_bp: int | None = None,
    cap: int | None = None,
    person_cap: int | None = None,
    minimum: int = 0,
    **rest: Any,
) -> Offer:
    return Offer(side, kind, trigger, amount, rate_bp, cap, person_cap, minimum, **rest)


ADVOCATE, FRIEND = Side.ADVOCATE, Side.FRIEND
FIRST, EACH, SIGNUP = Trigger.FIRST_PURCHASE, Trigger.PURCHASE, Trigger.SIGNUP
AGAIN, MILESTONE = Trigger.RENEWAL, Trigger.MILESTONE
TO_CHOOSE = (Kind.CASH, Kind.STORE_CREDIT, Kind.GIFT, Kind.CHARITY, Kind.ACCOUNT_CREDIT)
MONEY = (Kind.STORE_CREDIT, Kind.CASH)
OFFERS = [
    promise(ADVOCATE, FIRST, amount=1000),
    promise(ADVOCATE, EACH, rate_bp=1000, cap=900, person_cap=2500, minimum=100),
    promise(ADVOCATE, SIGNUP, amount=300, person_cap=500),
    promise(ADVOCATE, FIRST, rate_bp=333),
    promise(ADVOCATE, EACH, kind=Kind.RECOGNITION),
    promise(ADVOCATE, EACH, kind=Kind.CASH, rate_bp=1000, payout=1500),
    promise(ADVOCATE, EACH, kind=Kind.CASH, amount=700),
    promise(ADVOCATE, EACH, kind=Kind.STORE_CREDIT, amount=800, life_days=40),
    promise(ADVOCATE, EACH, kind=Kind.GIFT, amount=GIFT_WORTH),
    promise(ADVOCATE, EACH, kind=Kind.GIFT, amount=600, by_server=True),
    promise(FRIEND, EACH, kind=Kind.GIFT, amount=400, by_server=True),
    promise(ADVOCATE, EACH, kind=Kind.FREE_PERIOD, amount=900),
    promise(ADVOCATE, EACH, kind=Kind.DISCOUNT, amount=800),
    promise(ADVOCATE, EACH, kind=Kind.DISCOUNT, rate_bp=1500),
    promise(ADVOCATE, EACH, kind=Kind.DISCOUNT, amount=700, code_days=20, code_minimum=2000),
    promise(FRIEND, EACH, kind=Kind.DISCOUNT, amount=300, code_days=30),
    promise(FRIEND, SIGNUP, kind=Kind.DISCOUNT, rate_bp=500, code_days=10),
    promise(ADVOCATE, EACH, kind=Kind.REFUND, amount=600),
    promise(ADVOCATE, EACH, kind=Kind.CHARITY, rate_bp=500),
    promise(ADVOCATE, EACH, kind=Kind.CHOICE, amount=GIFT_WORTH, choices=TO_CHOOSE),
    promise(ADVOCATE, EACH, kind=Kind.CHOICE, amount=500, choices=MONEY, payout=900, life_days=40),
    promise(ADVOCATE, MILESTONE, amount=1500, every=2, minimum=300),
    promise(ADVOCATE, MILESTONE, kind=Kind.CASH, amount=500, every=1),
    promise(ADVOCATE, MILESTONE, kind=Kind.STORE_CREDIT, amount=900, at=2),
    promise(ADVOCATE, MILESTONE, amount=400, at=1),
    promise(ADVOCATE, EACH, amount=400, steps=((1, 400), (2, 900), (3, 1200))),
    promise(ADVOCATE, EACH, kind=Kind.STORE_CREDIT, rate_bp=300, steps=((1, 300), (2, 1500))),
    promise(ADVOCATE, EACH, amount=800, fallback=Kind.STORE_CREDIT, fallback_days=0, life_days=40),
    promise(ADVOCATE, FIRST, rate_bp=800, fallback=Kind.CASH, fallback_days=20, payout=500),
    promise(ADVOCATE, AGAIN, rate_bp=1500, times=2),
    promise(ADVOCATE, EACH, kind=Kind.REFUND, amount=500, times=1),
    promise(FRIEND, AGAIN, kind=Kind.CASH, amount=200, times=1),
    promise(FRIEND, EACH, rate_bp=250, times=2),
    promise(FRIEND, SIGNUP, kind=Kind.DISCOUNT, rate_bp=2000),
    promise(FRIEND, EACH, amount=250),
    promise(FRIEND, EACH, amount=300, fallback=Kind.CHARITY, fallback_days=0),
    promise(FRIEND, EACH, amount=GIFT_WORTH, fallback=Kind.GIFT),
    promise(FRIEND, EACH, rate_bp=900, fallback=Kind.STORE_CREDIT, fallback_days=20),
    promise(FRIEND, FIRST, rate_bp=700),
    promise(FRIEND, FIRST, kind=Kind.RECOGNITION),
    promise(FRIEND, EACH, kind=Kind.STORE_CREDIT, rate_bp=400),
    promise(FRIEND, FIRST, kind=Kind.CASH, amount=500),
]
THAT_WAIT = [
    one
    for one in OFFERS
    if one.fallback or one.life_days or one.choices or one.payout or one.code_days or one.by_server
]
"""What needs more of its person than to wait for it, or does not last."""
TO_ADVOCATES = [offer for offer in OFFERS if offer.side == ADVOCATE]
TO_FRIENDS = [offer for offer in OFFERS if offer.side == FRIEND]
