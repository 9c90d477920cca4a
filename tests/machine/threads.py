"""Acts done at the same time, each with a session of its own."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from traceback import format_exception

from flask import Flask

from referral.foundation.db import session, transaction

Act = Callable[[], object]


def at_once(app: Flask, acts: Sequence[Act]) -> list[str]:
    """Do all acts at the same moment, each in its own thread; returns what went wrong, in words."""
    start, wrong = Barrier(len(acts)), list[str]()

    def run(act: Act) -> None:
        with app.app_context():
            start.wait()
            try:
                act()
            except BaseException as error:
                wrong.append("".join(format_exception(error)))
            finally:
                session.remove()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def while_open(app: Flask, first: Act, second: Act, *, patience_s: float = 1.0) -> None:
    """Let the second act begin while the first is done but not committed, and finish both."""
    wrong = list[BaseException]()

    def run() -> None:
        with app.app_context():
            try:
                second()
            except BaseException as error:
                wrong.append(error)
            finally:
                session.remove()

    with transaction():
        first()
        other = Thread(target=run)
        other.start()
        other.join(patience_s)
    other.join()
    assert wrong == []
