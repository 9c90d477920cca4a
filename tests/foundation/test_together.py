"""Items brought at the same moment are done together, and nobody leaves before theirs is done."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from referral.foundation import together
from referral.foundation.together import Together, TooLong, _Brought


class Bad(Exception):
    """What doing a bad item raises."""


class Away(Exception):
    """What doing anything raises while the storage is away."""


class Work:
    """Work whose first batch waits until the test lets it go on."""

    def __init__(
        self, fail: Callable[[Sequence[str]], None] = lambda items: None, *, linger_ms: int = 0
    ) -> None:
        self.batches: list[list[str]] = []
        self.done: list[str] = []
        self.began, self.may_end = threading.Event(), threading.Event()
        self.together = Together(self._do, common=(Away,), linger_ms=linger_ms)
        self._fail = fail

    def _do(self, items: Sequence[str], patience_ms: int) -> None:
        self.batches.append(list(items))
        self.began.set()
        assert self.may_end.wait(10)
        self._fail(items)
        self.done += items

    def bring(self, item: str) -> None:
        """Bring an item, and see that it is done afterwards."""
        self.together.bring(item, patience_ms=10_000)
        assert item in self.done

    def gathered(self) -> int:
        """Count the items that wait for the next batch."""
        return len(self.together._brought)


def bring_all(work: Work, first: str, *others: str) -> dict[str, Future[None]]:
    """Bring the first, and the others while it is being done; then let everything go on."""
    with ThreadPoolExecutor(len(others) + 1) as pool:
        futures = {first: pool.submit(work.bring, first)}
        assert work.began.wait(10)
        for number, item in enumerate(others, start=1):
            futures[item] = pool.submit(work.bring, item)
            while work.gathered() < number:
                threading.Event().wait(0.001)
        work.may_end.set()
    return futures


def test_what_comes_while_one_works_is_done_in_one_go_afterwards() -> None:
    work = Work()
    futures = bring_all(work, "a", "b", "c", "d")
    assert work.batches == [["a"], ["b", "c", "d"]]
    assert all(future.exception() is None for future in futures.values())


def test_only_after_a_crowd_the_next_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    work, waits = Work(linger_ms=2), list[float]()
    monkeypatch.setattr(together.time, "sleep", waits.append)
    bring_all(work, "a", "b", "c")
    assert waits == []
    for item in "def":
        work.bring(item)
    assert waits == [0.002]
    assert work.batches == [["a"], ["b", "c"], ["d"], ["e"], ["f"]]


def test_a_bad_item_spoils_none_of_those_beside_it() -> None:
    def refuse(items: Sequence[str]) -> None:
        if "bad" in items:
            raise Bad

    work = Work(refuse)
    futures = bring_all(work, "a", "b", "bad", "c")
    failed = {item: type(future.exception()) for item, future in futures.items()}
    assert failed == {"a": type(None), "b": type(None), "bad": Bad, "c": type(None)}
    assert work.done == ["a", "b", "c"]


def test_an_error_that_meets_everybody_is_not_tried_again_for_each() -> None:
    def refuse(items: Sequence[str]) -> None:
        if items != ["a"]:
            raise Away

    work = Work(refuse)
    futures = bring_all(work, "a", "b", "c")
    assert [type(futures[item].exception()) for item in "bc"] == [Away, Away]
    assert work.batches == [["a"], ["b", "c"]]


def test_whoever_waits_too_long_goes_on_and_their_item_is_withdrawn() -> None:
    work = Work()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work.bring, "a")
        assert work.began.wait(10)
        with pytest.raises(TooLong):
            work.together.bring("b", patience_ms=20)
        work.may_end.set()
    assert first.exception() is None
    work.bring("c")
    assert work.batches == [["a"], ["c"]]


def test_a_failure_leaves_the_turn_to_the_next() -> None:
    failures = [Bad(), Away()]

    def refuse(items: Sequence[str]) -> None:
        if failures:
            raise failures.pop()

    work = Work(refuse)
    work.may_end.set()
    for kind in (Away, Bad):
        with pytest.raises(kind):
            work.bring("a")
    work.bring("b")
    assert work.done == ["b"]


def test_nobody_is_told_that_theirs_is_done_when_the_work_was_cut_off() -> None:
    def cut_off(items: Sequence[str]) -> None:
        if items != ["a"]:
            raise SystemExit

    futures = bring_all(Work(cut_off), "a", "b", "c")
    assert [type(futures[item].exception()) for item in "bc"] == [SystemExit, TooLong]


def test_a_turn_that_was_given_up_goes_to_whoever_waits_behind() -> None:
    together = Together[str](lambda items, patience_ms: None, common=())
    together._is_busy = True
    impatient, patient = _Brought("a", leads=True), _Brought("b")
    together._brought += [impatient, patient]
    with pytest.raises(TooLong):
        together._withdraw(impatient)
    assert (patient.leads, patient.bell.acquire(timeout=0)) == (True, True)
