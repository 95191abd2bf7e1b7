"""Find a client by what is known of them: part of a name, an address, a number, with typing mistakes.

One GIN index of trigrams over three expressions serves it, `client_search`. The constants of the expressions stand in
their text, so that PostgreSQL recognises them in a query as those of the index.
"""

import re

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest, Upper

LEAST = 3  # letters of which a trigram is made


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
        """Those whose name holds every word of the text, or whose address or number holds it; the closest first.

        Words of one or two letters count at the beginning of a name only.
        """
        upper = text.upper()
        local = upper.partition("@")[0]
        found = _holds_words(upper.split())
        if len(local) >= LEAST:
            found |= Q(upper_local__contains=local) & Q(email__icontains=text)
        digits = re.sub(r"\D", "", text).removeprefix("62").lstrip("0")
        if len(digits) >= LEAST and not re.search(r"[^\W\d_]", text):
            found |= Q(digits__contains=digits)
        closeness = Greatest(TrigramSimilarity("upper_name", upper), TrigramSimilarity("upper_local", local))
        return self.alias(**SEARCHED).filter(found).order_by(closeness.desc(), "preferred_name", "pk")

    def resembling(self, text: str):
        """Those whose name or address reads much like the text; the closest first.

        How much is said by PostgreSQL's `pg_trgm.word_similarity_threshold`.
        """
        upper = text.upper()
        local = upper.partition("@")[0]
        found = Q(upper_name__trigram_word_similar=upper) | Q(upper_local__trigram_word_similar=local)
        closeness = Greatest(TrigramWordSimilarity(upper, "upper_name"), TrigramWordSimilarity(local, "upper_local"))
        return self.alias(**SEARCHED).filter(found).order_by(closeness.desc(), "preferred_name", "pk")


def _holds_words(words):
    """Every word stands in the name."""
    found = Q()
    for word in words:
        begins = Q(upper_name__startswith=word) | Q(upper_name__contains=f" {word}")
        found &= Q(upper_name__contains=word) if len(word) >= LEAST else begins
    return found
