"""Names that give away what kind of practice writes, kept out of what others may see over a client's shoulder."""

import re

TELLING = re.compile(r"[ck]onsel|counsel|[ck]onsult|psik|psych|terap|therap|jiwa|mental|trauma", re.IGNORECASE)


def is_telling(text: str) -> bool:
    """True if a word in it says that this is about counseling, in either language."""
    return bool(TELLING.search(text))


def untelling(text: str) -> str:
    """The text, or nothing at all if it would give away what this is about."""
    return "" if is_telling(text) else text
