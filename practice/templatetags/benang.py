"""Tags and filters known to every template: dates and money as people read them, error summaries, bead and thread."""

import re
from itertools import pairwise

from django import template
from django.forms.formsets import BaseFormSet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from practice import formats

register = template.Library()

register.filter("rupiah", formats.rupiah)
register.filter("phone", formats.phone)
register.filter("initials", formats.initials)
register.filter("minutes", formats.minutes)

# --- Dates and times, in the zone of the person who reads, or in the zone given ------------------------------------


@register.filter
def moment(at, zone=None):
    """A day and time in full, in a <time> element."""
    return _time(at, zone, formats.moment(at, _zone(zone)))


@register.filter
def moment_short(at, zone=None):
    """The short form for staff: "Sen 23 Nov, 14.30"."""
    return _time(at, zone, formats.moment_short(at, _zone(zone)))


@register.filter
def clock(at, zone=None):
    """The time of day alone."""
    return _time(at, zone, formats.clock(at, _zone(zone)))


@register.filter
def day(on, zone=None):
    """A day in full. A datetime is first brought into the zone."""
    return _day(on, zone, formats.day)


@register.filter
def day_short(on, zone=None):
    """A day for staff lists: "Sen 23 Nov"."""
    return _day(on, zone, formats.day_short)


@register.simple_tag
def moment_range(start, end, zone=None):
    """A meeting in full: day, from, until, zone."""
    return _time(start, zone, formats.moment_range(start, end, _zone(zone)))


@register.simple_tag
def time_range(start, end, zone=None):
    """From and until, with the zone, without the day."""
    return _time(start, zone, formats.time_range(start, end, _zone(zone)))


@register.simple_tag
def day_range(first, last):
    """A stretch of days: "23–29 November 2026"."""
    return formats.day_range(first, last)


@register.filter
def zone_name(zone, at=None):
    """The zone's short name: WIB, or "Berlin, UTC+1" as of `at` (or now)."""
    return formats.zone_name(zone, at or timezone.now())


@register.filter
def tel(number):
    """A phone number for a tel: link: digits and a leading plus."""
    return re.sub(r"[^\d+]", "", number)


def _zone(zone):
    return zone or timezone.get_current_timezone()


def _time(at, zone, text):
    return format_html('<time datetime="{}">{}</time>', formats.local(at, _zone(zone)).isoformat("T", "minutes"), text)


def _day(on, zone, form):
    if hasattr(on, "hour"):
        on = formats.local(on, _zone(zone)).date()
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), form(on))


# --- Forms ---------------------------------------------------------------------------------------------------------


@register.inclusion_tag("_partials/error_summary.html")
def error_summary(form):
    """What is wrong in a form or formset, each line leading to its field. Printed once, wherever asked first."""
    if not form or not form.is_bound or getattr(form, "summary_was_printed", False):
        return {"items": []}
    form.summary_was_printed = True
    if isinstance(form, BaseFormSet):
        items = [{"text": text} for text in form.non_form_errors()]
        return {"items": items + [item for each in form.forms for item in _errors_of(each)]}
    return {"items": _errors_of(form)}


def _errors_of(form):
    items = [{"text": text} for text in form.non_field_errors()]
    for field in form:
        items += [{"anchor": _anchor(field), "text": _spoken(error, field)} for error in field.errors.as_data()]
    return items


def _anchor(field):
    """The id of the first control that belongs to a field."""
    return field.id_for_label or (f"{field.auto_id}_0" if field.auto_id else "")


def _spoken(error, field):
    """The message; behind the field's label if it is one of Django's own, which do not name the field."""
    text = " ".join(error.messages)
    own = [str(words.get(error.code)) for words in _default_messages(type(field.field)) if error.code in words]
    if text not in own:
        return text
    return f"{field.label} {text}" if str(field.label).endswith(("?", ".", ":")) else f"{field.label}: {text}"


def _default_messages(kind):
    return [
        base.__dict__["default_error_messages"] for base in kind.__mro__ if "default_error_messages" in base.__dict__
    ]


# --- The bead and the thread ---------------------------------------------------------------------------------------

RADIUS = {"done": 7, "next": 9, "planned": 7, "missed": 7, "forfeited": 7, "released": 4, "first": 7}
MOST_IN_A_ROW = 12
PITCH = 56
ROW = 52
LOW_ROW = 28
TOUCH = 44  # how high a bead is to the finger that presses it


@register.inclusion_tag("_partials/bead.html")
def bead(look="first", title="", size=24):
    """One bead: "first" (a consultation), "done", "next", "planned" or "missed". Without a title it is decoration."""
    return {"look": look, "title": title, "size": size, "r": RADIUS[look]}


@register.inclusion_tag("_partials/thread.html")
def thread(beads, *, title="", text="", decorative=False):
    """A program as a thread of beads, in rows of at most twelve, with the same in words below it.

    `beads` are looks ("done", "next", "planned", "missed", "forfeited": missed and used up by the agreement,
    "released": not needed any more; "first" for a consultation before the thread), as one string with spaces or a list;
    or mappings with `look` and perhaps `url` (makes it a link), `review` (a point where progress is looked at together)
    and `notch` (sessions added later begin here). Sessions are numbered from 1. Decorative threads carry no words or
    numbers.
    """
    beads = [{"look": item} if isinstance(item, str) else dict(item) for item in _as_list(beads)]
    sessions = [item for item in beads if item["look"] != "first"]
    for number, item in enumerate(sessions, start=1):
        item["number"] = number
        item["name"] = _bead_name(item)
    rows = max(1, -(-len(beads) // MOST_IN_A_ROW))
    per_row = -(-len(beads) // rows)
    row_height = LOW_ROW if decorative else ROW
    for index, item in enumerate(beads):
        row, place = divmod(index, per_row)
        y = row * row_height + (14 if decorative else 20)
        item |= {"at": 100 * (place + 0.5) / per_row, "row": row, "y": y, "r": RADIUS[item["look"]]}
        item |= {"x": _percent(item["at"]), "text_y": y + 26, "review_y": y - 14}
        item |= {"touch_x": _percent(item["at"] - 50 / per_row), "touch_y": y - TOUCH // 2}
        item |= {"notch_x": _percent(item["at"] - 50 / per_row), "notch_from": y - 9, "notch_to": y + 9}
    return {
        "beads": beads,
        "lines": _lines(beads),
        "width": per_row * PITCH if not decorative else per_row * 30,
        "height": rows * row_height,
        "touch": {"width": _percent(100 / per_row), "height": TOUCH},
        "title": title or _("The thread of your program"),
        "text": text or _thread_text(sessions, first=len(beads) > len(sessions)),
        "linked": any(item.get("url") for item in beads),
        "decorative": decorative,
    }


def _as_list(beads):
    return beads.split() if isinstance(beads, str) else beads


def _percent(value):
    return f"{value:.3f}%"


def _lines(beads):
    """The pieces between the beads; where a row ends, the thread runs off its edge and comes back on the next."""
    lines = []
    for left, right in pairwise(beads):
        look = "before" if left["look"] == "first" else "done" if _is_past(left) and _is_past(right) else ""
        if left["row"] == right["row"]:
            lines.append({"x1": left["x"], "x2": right["x"], "y": left["y"], "look": look})
        else:
            lines.append({"x1": left["x"], "x2": "100%", "y": left["y"], "look": look})
            lines.append({"x1": "0%", "x2": right["x"], "y": right["y"], "look": look})
    return lines


def _is_past(item):
    return item["look"] in ("done", "missed", "forfeited")


def _bead_name(item):
    names = {
        "done": _("Session %(number)s, done"),
        "next": _("Session %(number)s, next"),
        "planned": _("Session %(number)s, planned"),
        "missed": _("Session %(number)s, did not take place"),
        "forfeited": _("Session %(number)s, did not take place and counts"),
        "released": _("Session %(number)s, no longer needed"),
    }
    return names[item["look"]] % {"number": item["number"]}


def _thread_text(sessions, *, first):
    """The thread in words, for everyone and for every way of reading."""
    done = sum(item["look"] == "done" for item in sessions)
    total = len(sessions)
    text = ngettext("%(done)s of %(total)s session done.", "%(done)s of %(total)s sessions done.", total)
    sentences = [text % {"done": done, "total": total}]
    if first:
        sentences.insert(0, _("It begins with an initial consultation."))
    sentences += [
        _("Next: session %(number)s.") % {"number": item["number"]} for item in sessions if item["look"] == "next"
    ]
    sentences += [
        _("Session %(number)s did not take place.") % {"number": item["number"]}
        for item in sessions
        if item["look"] == "missed"
    ]
    sentences += [
        _("Session %(number)s did not take place and counts as one of the planned ones.") % {"number": item["number"]}
        for item in sessions
        if item["look"] == "forfeited"
    ]
    sentences += [_("Added later: from session %(number)s on.") % item for item in sessions if item.get("notch")]
    released = sum(item["look"] == "released" for item in sessions)
    if released:
        text = ngettext("%(count)s session is no longer needed.", "%(count)s sessions are no longer needed.", released)
        sentences.append(text % {"count": released})
    return " ".join(sentences)
