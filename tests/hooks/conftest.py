"""A shop whose Stripe events arrive signed."""

from tests.stories.settings import app, practice, trade

__all__ = ["app", "practice", "trade"]
