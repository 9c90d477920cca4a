"""Broken promises, each written into the database as no product would."""

from tests.audit.planted import credit, giving, once, rules, steps, sums
from tests.audit.planted.keeping import LATER, PLANTS, Plant

__all__ = ["LATER", "PLANTS", "Plant", "credit", "giving", "once", "rules", "steps", "sums"]
