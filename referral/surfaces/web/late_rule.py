"""Addresses whose makers are compiled when they are first asked for."""

from collections.abc import Callable
from functools import cache
from typing import Any

from werkzeug.routing import Rule


class LateRule(Rule):
    """A rule that compiles what makes its addresses at first use, and not when it is added.

    Werkzeug compiles two functions for each rule, in about half a millisecond each; of some hundred
    rules a process makes addresses of a few. Should Werkzeug come to do it in another way, this
    is not asked and nothing but the time is lost.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(lambda: super(LateRule, self)._compile_builder(append_unknown))

        def make(rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled()(rule, **values)

        return make
