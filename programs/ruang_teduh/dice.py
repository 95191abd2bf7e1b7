"""Chance that always falls the same way: ids and references that depend on the seed alone."""

from math import gcd
from random import Random
from uuid import UUID

from practice.calendar.reserving import ALPHABET

LENGTH = 8
EVERY_REFERENCE = len(ALPHABET) ** LENGTH


def dice(*seed) -> Random:
    """Chance of its own for each purpose, so that one purpose does not disturb another."""
    return Random(":".join(map(str, seed)))  # noqa: S311 (nothing here is a secret)


def new_id(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


class References:
    """Meeting references that look like chance and never repeat: number n is led twice through n · factor + shift."""

    def __init__(self, rng: Random):
        self.factor = rng.randrange(EVERY_REFERENCE // 3, EVERY_REFERENCE)
        while gcd(self.factor, EVERY_REFERENCE) != 1:
            self.factor += 1
        self.shift = rng.randrange(EVERY_REFERENCE)

    def __getitem__(self, number: int) -> str:
        turned = 0
        rest = (number * self.factor + self.shift) % EVERY_REFERENCE
        for _place in range(LENGTH):  # the last digit, which follows a pattern, comes first in the second round
            rest, digit = divmod(rest, len(ALPHABET))
            turned = turned * len(ALPHABET) + digit
        rest, letters = (turned * self.factor + self.shift) % EVERY_REFERENCE, ""
        for _place in range(LENGTH):
            rest, digit = divmod(rest, len(ALPHABET))
            letters += ALPHABET[digit]
        return letters
