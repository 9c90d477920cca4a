"""What an audit found, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

MOST_KEPT = 50
"""How many violations of one invariant are printed; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One row that breaks a promise: the invariant's number, the row, and what is wrong with it."""

    invariant: str
    subject: str
    said: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.said}"


@dataclass(slots=True)
class Report:
    """The result of one audit: `counts` has every invariant that was checked, 0 when it holds.

    `seen` says how many rows there were of each kind. `warnings` are late or dead work: nothing
    is wrong with the books, but somebody should look.
    """

    at: datetime
    promises: Mapping[str, str]
    seen: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)
    most_kept: int = MOST_KEPT

    def __post_init__(self) -> None:
        self.counts = dict.fromkeys(self.promises, 0)

    def add(self, found: Violation) -> None:
        """Count a violation, and list it unless there are very many of its kind."""
        self.counts[found.invariant] += 1
        if self.counts[found.invariant] <= self.most_kept:
            self.violations.append(found)

    @property
    def broken(self) -> set[str]:
        """Return the numbers of the invariants that do not hold."""
        return {invariant for invariant, count in self.counts.items() if count}

    def lines(self) -> Iterator[str]:
        """Yield the report as text: what was read, each promise, each violation, each warning."""
        read = ", ".join(f"{count:,} {noun}" for noun, count in self.seen.items())
        yield f"Audit of {self.at:%Y-%m-%d %H:%M:%S} UTC: {read}."
        for invariant, promise in self.promises.items():
            count = self.counts[invariant]
            verdict = f"{count} WRONG" if count else "holds"
            yield f"{invariant:<5} {verdict:<9} {promise}"
        for violation in self.violations:
            yield f"violation: {violation}"
        for warning in self.warnings:
            yield f"warning: {warning}"
        total = sum(self.counts.values())
        read = f"{len(self.promises)} invariants checked, {len(self.warnings)} warnings"
        yield f"{total} violations, {read}."
