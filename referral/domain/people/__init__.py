"""People a business knows and how we recognise them again; knows nothing of who sent whom."""

from referral.domain.people.customers import (
    StripeCustomer,
    customer_of,
    person_of_customer,
    tie_customer,
    who_shares_customers,
)
from referral.domain.people.payees import Payee, payee_of
from referral.domain.people.people import (
    Identity,
    Person,
    canonical_email,
    find_person,
    know_since,
    live_together,
    lock_people,
    lock_person,
    meet,
    search_people,
)

__all__ = [
    "Identity",
    "Payee",
    "Person",
    "StripeCustomer",
    "canonical_email",
    "customer_of",
    "find_person",
    "know_since",
    "live_together",
    "lock_people",
    "lock_person",
    "meet",
    "payee_of",
    "person_of_customer",
    "search_people",
    "tie_customer",
    "who_shares_customers",
]
