"""The loop that does what is due: one small module for each kind of work, and nothing decided."""

from referral.worker.loop import THREADS, run, work_all, work_one

__all__ = ["THREADS", "run", "work_all", "work_one"]
