"""Hints that help to word a goal so that both can see whether it is reached. They never stand in the way."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

# In both languages, whatever the language of the page: people write goals in their own.
NUMBERS = re.compile(
    r"\d|\b(satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|separuh|setengah|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|half|once|twice)\b",
    re.IGNORECASE,
)
HOW_OFTEN = re.compile(
    r"\b(kali|sekali|se(hari|minggu|bulan|malam|jam|tiap|lalu)|setiap|tiap|per|harian|mingguan|jarang|sering|malam|hari|"
    r"minggu|menit|jam|every|each|daily|weekly|times?|days?|nights?|weeks?|minutes?|hours?|often|never|always)\b",
    re.IGNORECASE,
)
INNER = re.compile(
    r"\b(merasa|rasanya|perasaan|lebih baik|bahagia|tenang|percaya diri|mengerti|memahami|menyadari|ikhlas|kuat|"
    r"semangat|feel|feeling|better|happy|happier|calm|calmer|confident|understand|realise|realize|aware|strong)\b",
    re.IGNORECASE,
)
SEEN = re.compile(
    r"\b(tidur|bangun|makan|minum|jalan|berjalan|lari|olahraga|ber(olahraga|bicara|cerita|temu|angkat|kumpul|henti|main)|"
    r"bicara|bertemu|ke luar|keluar|pergi|datang|masuk|pulang|menelepon|telepon|menulis|membaca|belajar|bekerja|kerja|"
    r"menolak|meminta|mengajak|menyapa|menjawab|menunda|menyelesaikan|mengerjakan|memasak|membersihkan|menyetir|naik|"
    r"mandi|memeluk|mendengarkan|mengatakan|berkata|mengirim|membayar|merokok|mematikan|"
    r"sleep|wake|get up|eat|drink|walk|run|exercise|talk|speak|say|tell|meet|go|come|leave|call|phone|write|read|study|"
    r"work|refuse|ask|invite|greet|answer|finish|cook|clean|drive|take|hug|listen|send|pay|smoke|switch)\w*\b",
    re.IGNORECASE,
)
TWO_THINGS = re.compile(r"\b(dan|serta|sekaligus|and|as well as)\b|[;+&]", re.IGNORECASE)


def hints_for(*, words: str, indicator: str, levels: Mapping[int, str], baseline: int | None) -> list[str]:
    """Gentle hints about a goal as it is being written, in the language of the page. Empty texts give none."""
    hints = []
    observed = " ".join([indicator, *levels.values()])
    if observed.strip() and not NUMBERS.search(observed) and not HOW_OFTEN.search(observed):
        hints.append(_("A number or a frequency helps both of you see it: how often, how long, how many."))
    if words.strip() and not SEEN.search(f"{words} {observed}"):
        hints.append(_("What would somebody else see or hear? A verb such as sleep, call or go makes it visible."))
    elif INNER.search(indicator) and not SEEN.search(indicator):
        hints.append(_("A feeling is hard to see from outside. What would you do then that you do not do now?"))
    if TWO_THINGS.search(words):
        hints.append(_("This may be two goals. It is easier to see one thing change at a time."))
    if baseline is not None and baseline > 0:
        hints.append(_("Usually the beginning is −1, or −2 if it cannot get worse. Then there is room above."))
    return hints
