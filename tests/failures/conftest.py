"""A busy trade, and processes of the product to break."""

from tests.crash.conftest import crew, trade
from tests.stories.settings import app, practice

__all__ = ["app", "crew", "practice", "trade"]
