"""The broken promises that are planted: kept here as the modules beside it write them down."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from tests.cast import NOON

Plant = Callable[[Connection], None]
LATER = NOON + timedelta(days=60)
PLANTS: list[tuple[set[str], tuple[str, ...], Plant]] = []


def plants(*broken: str, bare: tuple[str, ...] = ()) -> Callable[[Plant], Plant]:
    """Say which promises a plant breaks, and which tables must lose their constraints for it."""

    def keep(plant: Plant) -> Plant:
        PLANTS.append((set(broken), bare, plant))
        return plant

    return keep
