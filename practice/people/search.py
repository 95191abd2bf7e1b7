"""Find a client by what is known of them: part of a name, an address, a number, with typing mistakes.

One GIN index of trigrams over three expressions serves it, `client_search`. The constants of the expressions stand in
their text, so that PostgreSQL recognises them in a query as those of the index.
"""

import re

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Greatest, Length, Upper

LEAST = 3  # letters of which a trigram is made
SHORT_WORD = 4  # letters: so few trigrams that any two words have some in common


class LocalPart(models.Func):
    """What stands before the @ of an address: the rest is the same for too many."""

    template = "split_part(%(expressions)s, '@', 1)"
    output_field = models.TextField()


class Digits(models.Func):
    """The digits of a phone number, however it is written."""

    template = r"regexp_replace(%(expressions)s, '\D', '', 'g')"
    output_field = models.TextField()


SEARCHED = {"upper_name": Upper("preferred_name"), "upper_local": Upper(LocalPart("email")), "digits": Digits("phone")}


class SearchedQuerySet(models.QuerySet):
    def matching(self, text: str):
        """Those whose name holds every word of the text, or whose address or number holds it.

        Names that begin with the text first, then short ones, of which it is the greater part: a first name that
        thousands have is sorted in no time. Words of one or two letters count at the beginning of a name only.
        """
        upper = text.upper()
        local = upper.partition("@")[0]
        found = _holds_words(upper.split())
        if len(local) >= LEAST:
            found |= Q(upper_local__contains=local) & Q(email__icontains=text)
        digits = re.sub(r"\D", "", text).removeprefix("62").lstrip("0")
        if len(digits) >= LEAST and not re.search(r"[^\W\d_]", text):
            found |= Q(digits__contains=digits)
        begins = Case(When(upper_name__startswith=upper, then=0), default=1)
        return self.alias(**SEARCHED).filter(found).order_by(begins, Length("preferred_name"), "preferred_name", "pk")

    def resembling(self, text: str):
        """Those whose name has something much like every word of the text, or their address; the closest first.

        How much is said by PostgreSQL's `pg_trgm.word_similarity_threshold`. Each word by itself: of a whole name with
        a slip in every word too few trigrams are left. Beside longer words those of up to four letters do not count.
        """
        words = telling_words(text)
        found = Q()
        for word in words:
            found &= Q(upper_name__trigram_word_similar=word)
        closeness = [TrigramWordSimilarity(word, "upper_name") for word in words]
        if len(words) == 1:
            found |= Q(upper_local__trigram_word_similar=words[0])
            closeness = [Greatest(*closeness, TrigramWordSimilarity(words[0], "upper_local"))]
        return (
            self.alias(**SEARCHED)
            .filter(found)
            .order_by(sum(closeness[1:], closeness[0]).desc(), "preferred_name", "pk")
        )


def telling_words(text: str) -> list[str]:
    """The words that likeness is asked for, in capitals: the longer ones, or all if none is longer.

    Of an address it is what stands before the @.
    """
    words = [word.partition("@")[0] or word for word in text.upper().split()]
    return [word for word in words if len(word) > SHORT_WORD] or words


def _holds_words(words):
    """Every word stands in the name."""
    found = Q()
    for word in words:
        begins = Q(upper_name__startswith=word) | Q(upper_name__contains=f" {word}")
        found &= Q(upper_name__contains=word) if len(word) >= LEAST else begins
    return found
