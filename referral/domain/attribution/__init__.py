"""Who sent whom, decided from all the evidence, with the reasons kept; knows no money."""

from referral.domain.attribution.decision import (
    Decision,
    Evidence,
    Outcome,
    Reason,
    Verdict,
    decide,
)
from referral.domain.attribution.gathering import Told, gather
from referral.domain.attribution.referrals import (
    Referral,
    Signup,
    referral_of,
    referrals_of_friend,
    settle,
)
from referral.domain.attribution.touches import Touch, TouchKind

__all__ = [
    "Decision",
    "Evidence",
    "Outcome",
    "Reason",
    "Referral",
    "Signup",
    "Told",
    "Touch",
    "TouchKind",
    "Verdict",
    "decide",
    "gather",
    "referral_of",
    "referrals_of_friend",
    "settle",
]
