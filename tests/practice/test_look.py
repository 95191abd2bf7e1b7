"""Colours, weight, forms, the thread and the frame of every page."""

import gzip
import re
from pathlib import Path

import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.urls import include, path, reverse
from django.utils import translation

from practice.pages.components import WRONG, SampleForm, components
from tests.factories import make_practice, make_user

STATIC = Path(finders.find("benang/benang.css")).parent
CSS = (STATIC / "benang.css").read_text()

urlpatterns = [
    path("", include("practice.pages.urls")),
    path("home/", components, name="home"),
    path("today/", components, name="today"),
]

GROUNDS = ("canvas", "surface", "sunken")
TEXT_PAIRS = [
    *[(ink, ground, 4.5) for ink in ("muted", "link", "accent") for ground in ("canvas", "surface")],
    *[("ink", ground, 11) for ground in GROUNDS],
    ("muted", "sunken", 4.5),
    ("link", "sunken", 4.5),
    ("on-primary", "primary", 7),
    ("on-primary", "primary-hover", 7),
    ("on-danger", "danger", 7),
    ("ink", "primary-soft", 7),
    ("primary", "primary-soft", 4.5),
    *[(tone, f"{tone}-soft", 4.5) for tone in ("accent", "ok", "warn", "danger", "info", "plum")],
    *[(tone, "surface", 4.5) for tone in ("ok", "warn", "danger", "info", "plum")],
    ("danger", "canvas", 4.5),
    *[("ink", f"{tone}-soft", 7) for tone in ("accent", "ok", "warn", "danger", "info", "plum")],
]
SHAPE_PAIRS = [
    *[("control", ground, 3) for ground in GROUNDS],
    *[("primary", ground, 3) for ground in GROUNDS],
    *[("focus", ground, 3) for ground in GROUNDS],
    ("focus", "halo", 3),
]


def tokens(opening):
    """The colours set in the block that starts with this selector."""
    block = CSS.split(opening, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def luminance(colour):
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


THEMES = {"light": tokens("\n:root {"), "dark": tokens(':root[data-theme="dark"] {')}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "ground", "least"), TEXT_PAIRS + SHAPE_PAIRS)
def test_every_pair_of_colours_has_enough_contrast(theme, front, ground, least):
    assert contrast(THEMES[theme][front], THEMES[theme][ground]) >= least


def test_dark_is_the_same_by_device_and_by_choice():
    assert tokens(':root:not([data-theme="light"]) {') == THEMES["dark"]


def test_both_themes_name_the_same_colours():
    assert THEMES["light"].keys() == THEMES["dark"].keys()


def test_colours_live_in_tokens_only():
    after_tokens = CSS.split("/* 2. Ground */", 1)[1]

    assert re.findall(r"#[0-9a-f]{3,8}\b", after_tokens) == ["#fff"]


def test_looks_and_behaviour_stay_light():
    assert len(gzip.compress(CSS.encode(), 9)) <= 10_000
    assert len(gzip.compress((STATIC / "benang.js").read_bytes(), 9)) <= 1_000
    assert (STATIC / "favicon.svg").stat().st_size <= 1_000


def test_nothing_is_fetched_from_elsewhere():
    for file in STATIC.iterdir():
        found = re.findall(r"(?:https?:)?//[\w.]+", file.read_text())
        assert [address for address in found if "www.w3.org" not in address] == []


# --- Forms -----------------------------------------------------------------------------------------------------------


def rendered(source, **context):
    with translation.override("en"):
        return Template("{% load crispy_forms_tags %}" + source).render(Context(context))


def test_a_field_says_its_hint_to_assistive_technology():
    html = rendered("{{ form.email|as_crispy_field }}", form=SampleForm())

    assert '<label for="id_email">E-mail</label>' in html
    assert '<span class="hint" id="id_email_helptext">' in html
    assert 'aria-describedby="id_email_helptext"' in html
    assert 'autocomplete="email"' in html


def test_only_optional_fields_are_marked():
    html = rendered("{{ form|crispy }}", form=SampleForm())

    assert '<label for="id_phone">WhatsApp number <span class="optional">(optional)</span></label>' in html
    assert html.count("(optional)") == 3
    assert "*" not in html


def test_a_field_is_not_marked_where_the_page_says_it_once():
    form = SampleForm()
    form.fields["phone"].hides_optional = True

    html = rendered("{{ form|crispy }}", form=form)

    assert '<label for="id_phone">WhatsApp number</label>' in html
    assert html.count("(optional)") == 2


def test_an_error_stands_between_hint_and_field_and_is_tied_to_it():
    html = rendered("{{ form.email|as_crispy_field }}", form=SampleForm(WRONG, prefix="wrong"))

    hint, error, control = (html.index(part) for part in ("_helptext", "_error", "<input"))
    assert hint < error < control
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_wrong-email_helptext id_wrong-email_error"' in html
    assert "Error: Enter a valid email address." in html
    assert 'value="rina@"' in html


def test_radios_are_one_group_with_a_legend_that_carries_hint_and_error():
    html = rendered("{{ form.mode|as_crispy_field }}", form=SampleForm(WRONG, prefix="wrong"))

    assert '<fieldset class="field wrong" aria-describedby="id_wrong-mode_helptext id_wrong-mode_error">' in html
    assert "<legend>How would you like to meet?</legend>" in html
    assert '<label for="id_wrong-mode_0">In person</label>' in html


def test_the_summary_takes_the_focus_and_leads_to_each_field():
    html = rendered("{{ form|crispy }}", form=SampleForm(WRONG, prefix="wrong"))

    assert 'role="alert" tabindex="-1" autofocus' in html
    assert '<a href="#id_wrong-email">E-mail: Enter a valid email address.</a>' in html or (
        '<a href="#id_wrong-email">Enter a valid email address.</a>' in html
    )
    assert '<a href="#id_wrong-on">Day: This field is required.</a>' in html
    assert 'href="#id_wrong-mode_0"' in html
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{anchor}"' in html


def test_the_summary_is_printed_once_however_often_it_is_asked_for():
    html = rendered("{% error_summary form %}{{ form|crispy }}", form=SampleForm({}))

    assert html.count("wrong-summary") == 1


def test_a_form_without_mistakes_has_no_summary():
    assert rendered("{% error_summary form %}", form=SampleForm()).strip() == ""


def test_errors_of_the_whole_form_are_in_the_summary():
    form = SampleForm({})
    form.add_error(None, "That time was just taken.")

    assert "<li>That time was just taken.</li>" in rendered("{{ form|crispy }}", form=form)


def test_a_formset_shows_its_summary_and_every_form():
    formset = forms.formset_factory(SampleForm, extra=0, min_num=2)
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-name": "Rina", "form-1-name": "Tomi"}

    html = rendered("{{ formset|crispy }}", formset=formset(data))

    assert html.count("wrong-summary") == 1
    assert 'value="Rina"' in html
    assert 'value="Tomi"' in html


def test_what_was_typed_is_shown_as_text():
    html = rendered("{{ form|crispy }}", form=SampleForm({"name": '"><script>alert(1)</script>'}))

    assert "<script>" not in html


# --- The thread ------------------------------------------------------------------------------------------------------


def test_the_thread_says_in_words_what_it_shows():
    html = rendered("{% thread 'first done done missed done next planned' %}")

    text = (
        "It begins with an initial consultation. 3 of 6 sessions done. Next: session 5. Session 3 did not take place."
    )
    assert f"<figcaption>{text}</figcaption>" in html
    assert f"<desc>{text}</desc>" in html
    assert 'role="img"' in html


def test_a_consultation_before_the_thread_is_not_its_first_session():
    html = rendered("{% thread 'first next planned' %}")

    assert 't-first" cx' in html
    assert re.findall(r"<text[^>]*>(\d+)</text>", html) == ["1", "2"]


def test_a_long_thread_is_laid_in_even_rows():
    html = rendered("{% thread beads %}", beads=["planned"] * 20)

    assert len(set(re.findall(r'<circle[^>]* cy="(\d+)"', html))) == 2
    assert 'x2="100%"' in html


def test_linked_beads_have_names():
    html = rendered("{% thread beads %}", beads=[{"look": "done", "url": "/s/1/"}, {"look": "next", "url": "/s/2/"}])

    assert '<a href="/s/2/" aria-label="Session 2, next">' in html
    assert 'role="group"' in html


def test_decoration_is_silent():
    assert 'aria-hidden="true"' in rendered("{% bead %}")
    html = rendered("{% thread 'first planned planned' decorative=True %}")
    assert 'aria-hidden="true"' in html
    assert "<text" not in html
    assert "<figure" not in html


def test_numbers_in_drawings_do_not_follow_the_language():
    with translation.override("id"):
        html = Template("{% thread 'done missed next' %}").render(Context())

    assert re.findall(r'(?:cx|cy|r|x1|x2|width|height)="[\d.]*,', html) == []


# --- The frame of every page -----------------------------------------------------------------------------------------


@pytest.fixture
def frame(db, client):
    make_practice(phone="081234567890")
    return client.get(reverse("components"), headers={"accept-language": "en"}).content.decode()


def test_every_page_has_the_frame(frame):
    assert '<html lang="en">' in frame
    assert frame.count("<h1") == 1
    assert '<a class="skip" href="#main">' in frame
    assert frame.count('role="status"') == 1
    assert '"allowEval":false' in frame
    assert '"includeIndicatorStyles":false' in frame
    assert '"historyCacheSize":0' in frame
    assert "Ruang Teduh" in frame
    assert "0812-3456-7890" in frame


def test_no_page_carries_inline_style_or_script(frame):
    assert " style=" not in frame
    assert "<style" not in frame
    assert not re.search(r"<script(?![^>]*\bsrc=)", frame)
    assert not re.search(r"\son\w+=", frame)


def test_ids_are_unique(frame):
    ids = re.findall(r'\sid="([^"]+)"', frame)

    assert len(ids) == len(set(ids))


def test_the_components_page_exists_in_demo_mode_only(db, client, settings):
    settings.DEMO = False

    assert client.get("/_components/").status_code == 404


def test_an_anonymous_page_opens_no_session(db, client, django_assert_num_queries):
    make_practice()

    with django_assert_num_queries(1):
        answer = client.get("/_components/")

    assert set(answer.cookies) <= {"csrf"}


def ways(answer):
    """The links of the main navigation, and whether each says that this is where one is."""
    nav = answer.content.decode().split("<nav", 1)[1].split("</nav>", 1)[0]
    return [(href, bool(current)) for href, current in re.findall(r'<a href="([^"]+)"( aria-current="page")?', nav)]


@pytest.mark.urls(__name__)
def test_the_menu_shows_the_ways_of_ones_roles(client, rina, ayu):
    client.force_login(rina.user)
    assert ways(client.get("/_components/")) == [("/home/", False)]

    client.force_login(ayu.user)
    assert ways(client.get("/today/")) == [("/today/", True), ("/settings/", False)]


def test_someone_without_a_role_sees_the_page_all_the_same(db, client):
    client.force_login(make_user())

    assert client.get("/_components/").status_code == 200
