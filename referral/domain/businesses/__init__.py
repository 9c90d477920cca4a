"""Businesses, their sites, staff, keys and the record of who did what; knows nothing of people."""

from referral.domain.businesses.audit import Actor, AuditEntry, record
from referral.domain.businesses.businesses import (
    Business,
    Site,
    add_site,
    create_business,
    has_origin,
)
from referral.domain.businesses.endpoints import GiftEndpoint
from referral.domain.businesses.keys import ApiKey, business_of_key, find_key, issue_key, revoke_key
from referral.domain.businesses.ownership import Owned, across_businesses, within
from referral.domain.businesses.providers import (
    StripeConnection,
    check_keys,
    connect_stripe,
    connection_of,
)
from referral.domain.businesses.staff import Membership, Operator, Role, invite

__all__ = [
    "Actor",
    "ApiKey",
    "AuditEntry",
    "Business",
    "GiftEndpoint",
    "Membership",
    "Operator",
    "Owned",
    "Role",
    "Site",
    "StripeConnection",
    "across_businesses",
    "add_site",
    "business_of_key",
    "check_keys",
    "connect_stripe",
    "connection_of",
    "create_business",
    "find_key",
    "has_origin",
    "invite",
    "issue_key",
    "record",
    "revoke_key",
    "within",
]
