"""How dates, times, zones, money, numbers and names are written, in both languages and in many zones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from practice import formats

AT = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)

MOMENTS = [
    ("Asia/Jakarta", "id", "Senin, 23 November 2026 pukul 14.30 WIB"),
    ("Asia/Jakarta", "en", "Monday, 23 November 2026, 14:30 WIB"),
    ("Asia/Pontianak", "id", "Senin, 23 November 2026 pukul 14.30 WIB"),
    ("Asia/Makassar", "id", "Senin, 23 November 2026 pukul 15.30 WITA"),
    ("Asia/Makassar", "en", "Monday, 23 November 2026, 15:30 WITA"),
    ("Asia/Jayapura", "id", "Senin, 23 November 2026 pukul 16.30 WIT"),
    ("Asia/Jayapura", "en", "Monday, 23 November 2026, 16:30 WIT"),
    ("Europe/Berlin", "id", "Senin, 23 November 2026 pukul 08.30 (Berlin, UTC+1)"),
    ("Europe/Berlin", "en", "Monday, 23 November 2026, 08:30 (Berlin, UTC+1)"),
    ("Asia/Kathmandu", "id", "Senin, 23 November 2026 pukul 13.15 (Kathmandu, UTC+5:45)"),
    ("Asia/Kathmandu", "en", "Monday, 23 November 2026, 13:15 (Kathmandu, UTC+5:45)"),
    ("America/St_Johns", "en", "Monday, 23 November 2026, 04:00 (St Johns, UTC−3:30)"),
    ("Pacific/Apia", "en", "Monday, 23 November 2026, 20:30 (Apia, UTC+13)"),
    ("UTC", "en", "Monday, 23 November 2026, 07:30 UTC"),
]


@pytest.mark.parametrize(("zone", "language", "written"), MOMENTS)
def test_a_moment_names_day_time_and_zone(zone, language, written):
    assert formats.moment(AT, zone, language) == written
    assert formats.moment(AT, ZoneInfo(zone), language) == written


@pytest.mark.parametrize(
    ("zone", "language", "in_full", "without_day"),
    [
        (
            "Asia/Jakarta",
            "id",
            "Senin, 23 November 2026 pukul 14.30–15.30 WIB",
            "pukul 14.30–15.30 WIB",
        ),
        ("Asia/Jakarta", "en", "Monday, 23 November 2026, 14:30–15:30 WIB", "14:30–15:30 WIB"),
        (
            "Asia/Kathmandu",
            "en",
            "Monday, 23 November 2026, 13:15–14:15 (Kathmandu, UTC+5:45)",
            "13:15–14:15 (Kathmandu, UTC+5:45)",
        ),
    ],
)
def test_a_meeting_is_written_as_a_range(zone, language, in_full, without_day):
    assert formats.moment_range(AT, AT + HOUR, zone, language) == in_full
    assert formats.time_range(AT, AT + HOUR, zone, language) == without_day


def test_a_meeting_over_midnight_names_both_days():
    written = formats.moment_range(AT + 9 * HOUR, AT + 10 * HOUR, "Asia/Jakarta", "id")

    assert written == "Senin, 23 November 2026 pukul 23.30 WIB – Selasa, 24 November 2026 pukul 00.30 WIB"


def test_a_meeting_over_a_clock_change_names_both_offsets():
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert formats.time_range(start, start + HOUR, "Europe/Berlin", "en") == (
        "02:30 (Berlin, UTC+2) – 02:30 (Berlin, UTC+1)"
    )


@pytest.mark.parametrize(
    ("language", "written"),
    [("id", "Sen 23 Nov, 14.30"), ("en", "Mon 23 Nov, 14:30")],
)
def test_staff_read_a_short_moment(language, written):
    assert formats.moment_short(AT, "Asia/Jakarta", language) == written


def test_every_day_and_month_has_its_indonesian_name():
    days = [formats.day(date(2026, 11, 23) + timedelta(days=ahead), "id").split(",")[0] for ahead in range(7)]
    months = [formats.day(date(2026, month, 1), "id", year=False).split()[-1] for month in range(1, 13)]
    short = [formats.day_short(date(2026, month, 1), "id").split()[-1] for month in range(1, 13)]

    assert days == ["Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"]
    assert " ".join(months) == (
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    )
    assert " ".join(short) == "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des"


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        (date(2026, 11, 23), date(2026, 11, 29), "23–29 November 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 November – 6 Desember 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 Desember 2026 – 3 Januari 2027"),
        (date(2026, 11, 23), date(2026, 11, 23), "23 November 2026"),
    ],
)
def test_a_stretch_of_days_says_month_and_year_once(first, last, written):
    assert formats.day_range(first, last, "id") == written


@pytest.mark.parametrize(
    ("ahead", "indonesian", "english"),
    [(0, "Hari ini", "Today"), (1, "Besok", "Tomorrow"), (2, "Lusa", ""), (3, "", ""), (-1, "", "")],
)
def test_near_days_have_a_name(ahead, indonesian, english):
    today = date(2026, 11, 23)

    assert formats.near_day(today + timedelta(days=ahead), today, "id") == indonesian
    assert formats.near_day(today + timedelta(days=ahead), today, "en") == english


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Asia/Jakarta", "WIB"),
        ("Asia/Makassar", "WITA"),
        ("Asia/Jayapura", "WIT"),
        ("Europe/Berlin", "Berlin, UTC+1"),
        ("Asia/Kathmandu", "Kathmandu, UTC+5:45"),
        ("Asia/Kuala_Lumpur", "Kuala Lumpur, UTC+8"),
        ("America/New_York", "New York, UTC−5"),
        ("UTC", "UTC"),
    ],
)
def test_zones_have_short_names(zone, name):
    assert formats.zone_name(zone, AT, "id") == name
    assert formats.zone_name(ZoneInfo(zone), AT, "en") == name


def test_a_zone_is_named_as_of_its_date():
    assert formats.zone_name("Europe/Berlin", datetime(2026, 7, 1, tzinfo=UTC)) == "Berlin, UTC+2"


@pytest.mark.parametrize(
    ("amount", "indonesian", "english"),
    [
        (250000, "Rp250.000", "Rp250,000"),
        (Decimal("1250000.00"), "Rp1.250.000", "Rp1,250,000"),
        (500, "Rp500", "Rp500"),
        (-75000, "−Rp75.000", "−Rp75,000"),
        (Decimal("999.5"), "Rp1.000", "Rp1,000"),
        (0, "Gratis", "Free"),
    ],
)
def test_money_is_rupiah_closed_up(amount, indonesian, english):
    assert formats.rupiah(amount, "id") == indonesian
    assert formats.rupiah(amount, "en") == english


@pytest.mark.parametrize(
    ("count", "indonesian", "english"), [(1, "1 menit", "1 minute"), (60, "60 menit", "60 minutes")]
)
def test_a_length_of_time_is_in_minutes(count, indonesian, english):
    assert formats.minutes(count, "id") == indonesian
    assert formats.minutes(count, "en") == english


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("081234567890", "0812-3456-7890"),
        ("+62 812 3456 7890", "0812-3456-7890"),
        ("+62 (0)812-3456-789", "0812-3456-789"),
        ("0062 812 3456 7890", "0812-3456-7890"),
        ("021 555 0101", "021-555-0101"),
        ("+49 30 1234567", "+49 30 1234567"),
        ("119", "119"),
        (" 1500 567 ", "1500 567"),
    ],
)
def test_phone_numbers_are_grouped(typed, shown):
    assert formats.phone(typed) == shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ayu Pratiwi, M.Psi., Psikolog", "AP"),
        ("Sukarno", "S"),
        ("dr. Siti Nur Aisyah", "SA"),
        ("I Gede Wayan", "IW"),
        ("’Aisyah", "A"),
        ("", ""),
    ],
)
def test_initials_leave_titles_out(name, letters):
    assert formats.initials(name) == letters


def test_the_active_language_is_used_unless_another_is_asked_for():
    with translation.override("en"):
        assert formats.moment_short(AT, "Asia/Jakarta") == "Mon 23 Nov, 14:30"
        assert formats.moment_short(AT, "Asia/Jakarta", "id") == "Sen 23 Nov, 14.30"


def test_templates_wrap_times_in_a_time_element_in_the_readers_zone():
    with translation.override("id"), timezone.override("Asia/Makassar"):
        html = Template("{{ at|moment }} {{ at|clock:'Asia/Jakarta' }} {{ at|day_short }}").render(Context({"at": AT}))

    assert html == (
        '<time datetime="2026-11-23T15:30+08:00">Senin, 23 November 2026 pukul 15.30 WITA</time> '
        '<time datetime="2026-11-23T14:30+07:00">14.30</time> '
        '<time datetime="2026-11-23">Sen 23 Nov</time>'
    )


def test_templates_write_ranges_and_days():
    with translation.override("en"):
        html = Template(
            "{% moment_range at later 'Asia/Jakarta' %} {% time_range at later 'UTC' %} "
            "{% day_range on on %} {{ on|day }}"
        ).render(Context({"at": AT, "later": AT + HOUR, "on": date(2026, 11, 23)}))

    assert html == (
        '<time datetime="2026-11-23T14:30+07:00">Monday, 23 November 2026, 14:30–15:30 WIB</time> '
        '<time datetime="2026-11-23T07:30+00:00">07:30–08:30 UTC</time> 23 November 2026 '
        '<time datetime="2026-11-23">Monday, 23 November 2026</time>'
    )
