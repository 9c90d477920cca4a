"""The worker in this process, with practice Stripe behind it."""

from tests.crash.conftest import trade
from tests.stories.settings import app, practice

__all__ = ["app", "practice", "trade"]
