"""Reads everything and says which promise about money, rules and history does not hold.

It never writes and never repairs. Each check bears the number of the invariant it proves.
"""

from referral.domain.reports.auditor.auditing import audit
from referral.domain.reports.auditor.report import Report, Violation

__all__ = ["Report", "Violation", "audit"]
