"""Text that people type and others read, without what cannot be seen.

Letters of every script stay, with their accents, and so do emoji with what joins them.
"""

from __future__ import annotations

_CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
_TURNS = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_UNSEEN = {code: None for code in (*_CONTROLS, *_TURNS) if not chr(code).isspace()}
"""Control characters, and those that turn the direction of the text around them."""


def plain(text: str) -> str:
    r"""Return a text on one line, without control characters and without turns of direction.

    >>> plain(" Alice\x00 \t\u202eSmith\u202c\n")
    'Alice Smith'
    """
    return " ".join(text.translate(_UNSEEN).split())
