"""Chance that always falls the same way: ids and references that depend on the seed alone."""

from math import gcd
from random import Random
from uuid import UUID

from practice.calendar.actions import ALPHABET

LENGTH = 8
EVERY_REFERENCE = len(ALPHABET) ** LENGTH


def dice(*seed) -> Random:
    """Chance of its own for each purpose, so that one purpose does not disturb another."""
    return Random(":".join(map(str, seed)))  # noqa: S311 (nothing here is a secret)


def new_id(rng: Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


class References:
    """Meeting references that look like chance and never repeat: number n is sent to (n · factor + shift) mod all."""

    def __init__(self, rng: Random):
        self.factor = rng.randrange(EVERY_REFERENCE // 3, EVERY_REFERENCE)
        while gcd(self.factor, EVERY_REFERENCE) != 1:
            self.factor += 1
        self.shift = rng.randrange(EVERY_REFERENCE)

    def __getitem__(self, number: int) -> str:
        rest = (number * self.factor + self.shift) % EVERY_REFERENCE
        letters = []
        for _place in range(LENGTH):
            rest, letter = divmod(rest, len(ALPHABET))
            letters.append(ALPHABET[letter])
        return "".join(letters)
