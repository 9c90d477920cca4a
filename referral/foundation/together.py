"""Work that many threads bring at the same moment, done by one of them for all of them.

Nobody goes away before theirs is done, so nothing is promised that a crash could lose: it is how
many requests share one durable commit. It knows nothing of what the work is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")


class TooLong(Exception):
    """The work ahead took longer than the patience; whether this item was done is not known."""


@dataclass(slots=True, eq=False)
class _Brought(Generic[Item]):
    """An item and who brought it; they sleep on the bell until it is done, or theirs to do."""

    item: Item
    leads: bool = False
    is_done: bool = False
    error: Exception | None = None
    bell: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.bell.acquire()


class Together(Generic[Item]):
    """One kind of work; `do` gets items in the order they came, and the milliseconds left.

    `common` are the errors that would meet each item alone as well. After any other one, each item
    of the batch is done by itself, so that a bad one spoils none beside it. After a batch of
    several, the next waits `linger_ms` for more to gather; whoever comes alone never waits.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item], int], None],
        *,
        common: tuple[type[Exception], ...],
        linger_ms: int = 0,
    ) -> None:
        self._do = do
        self._common = common
        self._linger_s = linger_ms / 1000
        self._is_crowded = False
        self._brought: list[_Brought[Item]] = []
        self._is_busy = False
        self._guard = threading.Lock()

    def bring(self, item: Item, *, patience_ms: int) -> None:
        """Return when the item is done; raises what doing it raised, or TooLong.

        While one thread works, the items of the others gather; the first of them does them all
        next. Each is woken by a bell of its own, so nobody waits behind those who only leave.
        """
        mine = _Brought(item)
        since = time.monotonic()
        with self._guard:
            mine.leads, self._is_busy = not self._is_busy, True
            self._brought.append(mine)
        if not mine.leads and not mine.bell.acquire(timeout=patience_ms / 1000):
            self._withdraw(mine)
        if mine.leads:
            waited_ms = int((time.monotonic() - since) * 1000)
            self._do_all(max(1, patience_ms - waited_ms))
        if mine.error is not None:
            raise mine.error

    def _do_all(self, patience_ms: int) -> None:
        if self._is_crowded:
            time.sleep(self._linger_s)
        with self._guard:
            batch, self._brought = self._brought, []
            self._is_crowded = len(batch) > 1
        try:
            self._settle(batch, patience_ms)
        finally:
            self._pass_on()
            for one in batch:
                if not one.is_done:
                    one.error = TooLong()
                one.bell.release()

    def _settle(self, batch: Sequence[_Brought[Item]], patience_ms: int) -> None:
        error = self._attempt(batch, patience_ms)
        if error is None or isinstance(error, self._common) or len(batch) == 1:
            for one in batch:
                one.error, one.is_done = error, True
            return
        for one in batch:
            one.error = self._attempt([one], patience_ms)
            one.is_done = True

    def _attempt(self, batch: Sequence[_Brought[Item]], patience_ms: int) -> Exception | None:
        try:
            self._do([one.item for one in batch], patience_ms)
        except Exception as error:
            return error
        return None

    def _pass_on(self) -> None:
        """Let the first of those who wait do what has gathered."""
        with self._guard:
            self._is_busy = bool(self._brought)
            if self._brought:
                self._brought[0].leads = True
                self._brought[0].bell.release()

    def _withdraw(self, mine: _Brought[Item]) -> None:
        """Take an item back after too long a wait, unless it is being done or was just now."""
        with self._guard:
            if mine in self._brought:
                self._brought.remove(mine)
            elif mine.is_done:
                return
        if mine.leads:
            mine.leads = False
            self._pass_on()
        raise TooLong
