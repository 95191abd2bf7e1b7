"""Words about time that only bookings need."""

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.times import zone_label
from practice import formats
from practice.catalog.models import Mode
from practice.pages import help as help_page
from practice.pages.preferences import NEAR_ZONES

register = template.Library()


@register.simple_tag
def span(minutes):
    """A stretch of time in the largest unit that fits: "24 hours", "3 days", "90 minutes"."""
    if minutes > 72 * 60 and minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
    if minutes and minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return formats.minutes(minutes)


@register.filter
def masked(email):
    """An e-mail address that its owner knows again and nobody else learns: "r…@example.org"."""
    local, _at, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain}"


@register.filter
def occasion(at):
    """A day and time without the year, as plain text for mail: "Tuesday, 24 November, 10:30 WIB"."""
    zone = timezone.get_current_timezone()
    local = formats.local(at, zone)
    name = formats.zone_name(zone, at)
    return _("%(day)s, %(time)s %(zone)s") % {
        "day": formats.day(local, year=False),
        "time": formats.clock(local, zone),
        "zone": f"({name})" if "," in name else name,
    }


register.filter("chat_url", help_page.chat_url)


@register.filter
def mode_name(mode):
    """The name of a way to meet, from its stored value."""
    return Mode(mode).label


@register.simple_tag
def near_zones():
    """The three Indonesian zones, and the present one if it is another: (name, label, is the present one)."""
    current = timezone.get_current_timezone_name()
    found = [(name, label, name == current) for name, label in NEAR_ZONES]
    if not any(is_current for _name, _label, is_current in found):
        found.append((current, zone_label(current, timezone.now()), True))
    return found


@register.filter
def near(at):
    """A day that is not far, without its year: "Tuesday, 24 November"."""
    on = timezone.localtime(at)
    return format_html('<time datetime="{}">{}</time>', on.date().isoformat(), formats.day(on, year=False))
