"""Acts done by processes of their own, as many workers on many machines would."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable

from flask import Flask

from referral.foundation.db import db, session


def in_processes(app: Flask, number: int, act: Callable[[int], object]) -> list[int | None]:
    """Do an act in so many forked processes at the same moment; returns how each exited.

    Each opens connections of its own: what it inherited belongs to its parent.
    """
    session.remove()
    db.engine.dispose()
    forks = multiprocessing.get_context("fork")
    start = forks.Barrier(number)

    def run(which: int) -> None:
        code = 1
        try:
            with app.app_context():
                db.engine.dispose(close=False)
                start.wait(60)
                act(which)
                session.remove()
                db.engine.dispose()
            code = 0
        finally:
            os._exit(code)

    crew = [forks.Process(target=run, args=(which,)) for which in range(number)]
    for one in crew:
        one.start()
    for one in crew:
        one.join(120)
    return [one.exitcode for one in crew]
