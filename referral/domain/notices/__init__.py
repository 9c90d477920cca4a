"""What we must tell somebody by mail, as rows that are sent once; knows no mail server."""

from referral.domain.notices.notices import Notice, notify
from referral.domain.notices.team import notify_team

__all__ = ["Notice", "notify", "notify_team"]
