"""The figures as a table for people."""

from collections.abc import Sequence
from statistics import median

from bench.auditing import Audited
from bench.figures import Figure, Measured
from bench.granting import CREDITS_PER_S, Granted
from bench.servers import Memory
from bench.starting import Starts

_HEAD = (
    *("path", "database", "ours/s", "bare/s", "ratio", "target"),
    *("cpu ms", "bare cpu", "ratio", "p50 ms", "p99 ms", "stored"),
)


def figures_table(measured: list[Measured]) -> str:
    """Write one line per path and database, then each database's bare commits and memory."""
    rows = [_row(figure) for one in measured for figure in one.figures]
    lines = [_aligned([_HEAD, *rows]), ""]
    for one in measured:
        sizes = " + ".join(f"{size:.0f}" for size in one.memory.each_rss_mb)
        lines.append(
            f"{one.database}: {one.commits_per_second:,.0f} bare commits a second, one by one;"
            f" web after the load {sizes} MiB resident, {one.memory.tree_pss_mb:.0f} MiB shared out"
        )
    return "\n".join(lines)


def starts_table(starts: Starts) -> str:
    """Write how fast everything starts and what it weighs."""
    rows = [
        ("start to first answer, web", f"{starts.web_ms:.0f} ms", f"bare {starts.bare_ms:.0f} ms"),
        ("ratio to bare Flask", f"{starts.web_ms / starts.bare_ms:.1f}", "target ≤ 2.5"),
        ("web, clicks only", *_weight(starts.web_memory)),
        ("worker, idle", *_weight(starts.worker_memory)),
        ("stripe in a web that took clicks only", starts.stripe, "target: not imported"),
    ]
    if starts.second_run_s is not None:
        rows.append(("make run, second start", f"{starts.second_run_s:.1f} s", "target < 5 s"))
    return _aligned(rows)


def audits_table(audits: Sequence[tuple[str, Audited]]) -> str:
    """Write how long an audit takes, beside a bare sum over the ledger's entries."""
    head = ("audit", "rewards", "entries", "seconds", "bare scan", "violations")
    rows = [
        (
            name,
            f"{one.rewards:,}",
            f"{one.entries:,}",
            f"{one.audit_s:.1f}",
            f"{one.scan_s:.2f}",
            str(one.violations),
        )
        for name, one in audits
    ]
    return _aligned([head, *rows])


def grants_table(measured: Sequence[tuple[str, Granted]]) -> str:
    """Write how fast purchases become credit, and how much of a limit is used."""
    rows = [("money's whole way", "database", "ours/s", "limit/s", "ratio", "credited")]
    for name, one in measured:
        kept = f"all {one.sold:,}" if one.is_kept else "NOT AS SOLD"
        for path, ours, limit in (
            ("purchase to credit", one.purchases_per_s, one.bare_credits_per_s),
            ("grants, Stripe limited", one.limited_per_s, CREDITS_PER_S),
        ):
            rows.append((path, name, f"{ours:.1f}", f"{limit:.1f}", f"{ours / limit:.2f}", kept))
    return _aligned(rows)


def misses(measured: list[Measured]) -> list[str]:
    """Name every figure whose rows do not match its answers."""
    return [
        f"{figure.path.name} on {figure.database}: {figure.answered} answered,"
        f" {figure.stored} stored, {figure.failed} failed"
        for one in measured
        for figure in one.figures
        if not figure.is_kept
    ]


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.path.name,
        figure.database,
        f"{median(one.result.per_second for one in figure.ours):,.0f}",
        f"{median(one.result.per_second for one in figure.bare):,.0f}",
        f"{figure.ratio:.2f}",
        f"{figure.target:.2f}" if figure.target else "",
        f"{median(one.cpu_ms for one in figure.ours):.2f}",
        f"{median(one.cpu_ms for one in figure.bare):.2f}",
        f"{figure.cpu_ratio:.2f}",
        f"{median(one.result.p50_ms for one in figure.ours):.1f}",
        f"{median(one.result.p99_ms for one in figure.ours):.1f}",
        _stored(figure),
    )


def _stored(figure: Figure) -> str:
    if not figure.is_kept:
        return "NOT AS ANSWERED"
    return f"all {figure.stored:,}" if figure.path.table else "reads only"


def _weight(memory: Memory) -> tuple[str, str]:
    sizes = " + ".join(f"{size:.0f}" for size in memory.each_rss_mb)
    return f"{sizes} MiB", f"{memory.tree_pss_mb:.0f} MiB shared out"


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    numeric = range(2, len(rows[0]))
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in numeric else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
