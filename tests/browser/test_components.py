"""Every component in a real browser: seen, heard, used by keyboard, enlarged, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_counselor

PAGE = "/_components/"
LAYOUTS = ["client", "staff"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_components_can_be_used_by_everyone(open_page, axe, no_overflow, look, layout):
    page = open_page(f"{PAGE}?layout={layout}", look)

    axe(page)
    no_overflow(page)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_overflows_the_narrowest_phone(open_page, no_overflow, layout):
    no_overflow(open_page(f"{PAGE}?layout={layout}", viewport={"width": 320, "height": 600}))


@pytest.mark.parametrize("address", ["/preferences/", "/missing/"])
def test_small_pages_can_be_used_by_everyone(open_page, axe, no_overflow, look, address):
    page = open_page(address, look)

    axe(page)
    no_overflow(page)


def test_text_twice_as_large_still_fits(open_page, no_overflow):
    page = open_page(PAGE, viewport={"width": 640, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    no_overflow(page)


def test_wider_text_spacing_still_fits(open_page, no_overflow):
    page = open_page(PAGE)
    page.evaluate(
        """for (const element of document.body.querySelectorAll("*")) Object.assign(element.style, {
            lineHeight: "1.5", letterSpacing: ".12em", wordSpacing: ".16em"})"""
    )

    no_overflow(page)


@pytest.mark.parametrize(("layout", "least"), [("client", 44), ("staff", 27)])
def test_everything_to_press_is_large_enough(open_page, small_targets, layout, least):
    page = open_page(f"{PAGE}?layout={layout}")

    assert small_targets(page, least) == []


def test_the_keyboard_reaches_everything_and_its_place_is_always_seen(open_page):
    page = open_page(PAGE)
    page.locator(".brand").focus()
    reached = set()

    for _ in range(90):
        page.keyboard.press("Tab")
        place = page.evaluate(
            """() => {
                const place = document.activeElement;
                if (place === document.body) return null;
                place.scrollIntoView({block: "center"});
                const box = place.getBoundingClientRect();
                const shown = place.matches(".slot input, .big-choice input") ? place.parentElement : place;
                const ring = [place, shown, place.nextElementSibling].filter(Boolean).map(e => getComputedStyle(e));
                const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return {
                    html: place.outerHTML.slice(0, 100),
                    ring: ring.some(style => parseFloat(style.outlineWidth) >= 3 && style.outlineStyle !== "none"),
                    seen: shown.contains(at) || at.contains(place),
                };
            }"""
        )
        if place is None:
            break
        assert place["ring"], place["html"]
        assert place["seen"], place["html"]
        reached.add(place["html"])

    assert len(reached) > 40


def test_arrows_choose_a_time_and_the_choice_is_more_than_a_colour(open_page):
    page = open_page(PAGE)
    chosen = page.locator(".slot input:checked")
    before = chosen.get_attribute("value")
    chosen.focus()
    page.keyboard.press("ArrowLeft")

    chosen = page.locator(".slot input:checked")
    assert chosen.get_attribute("value") != before
    look = chosen.evaluate(
        """input => {
            const chip = getComputedStyle(input.nextElementSibling);
            const tick = getComputedStyle(input.nextElementSibling, "::before");
            return [chip.fontWeight, tick.content, chip.transitionProperty];
        }"""
    )
    assert look[0] == "700"
    assert look[1] == '""'
    assert "background" not in look[2]


def test_a_chip_says_its_time_before_its_day(open_page):
    page = open_page(PAGE)

    spoken = page.get_by_role("radio", name="09.30", exact=False).first
    assert spoken.count() == 1


def test_the_summary_of_mistakes_has_the_focus_and_leads_to_the_field(open_page):
    page = open_page(PAGE)
    expect(page.locator(".wrong-summary")).to_be_focused()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#id_wrong-email")).to_be_focused()
    assert page.evaluate("location.hash") == "#id_wrong-email"


def test_language_and_colours_change_without_javascript(open_page):
    page = open_page(PAGE, java_script_enabled=False)
    expect(page.locator("h1")).to_have_text("Komponen", use_inner_text=True)

    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Components", use_inner_text=True)
    page.wait_for_url(lambda url: url.endswith(PAGE))

    page.get_by_role("link", name="Language, colours and time zone").click()
    page.get_by_label("Dark").check()
    page.locator("form", has=page.get_by_label("Dark")).get_by_role("button").click()
    page.wait_for_url(lambda url: url.endswith(PAGE))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize(
    ("device", "choice", "ground"), [("dark", "light", "rgb(250, 246, 240)"), ("light", "dark", "rgb(20, 27, 26)")]
)
def test_the_persons_choice_of_colours_wins_over_the_device(open_page, device, choice, ground):
    page = open_page(PAGE)
    page.emulate_media(color_scheme=device)
    page.context.add_cookies([{"name": "theme", "value": choice, "url": page.url}])
    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_forced_colours_still_show_what_is_chosen(open_page):
    page = open_page(PAGE, forced_colors="active")

    border = page.locator(".slot input:checked").evaluate(
        "input => getComputedStyle(input.nextElementSibling).borderTopWidth"
    )
    assert border == "4px"


def test_nothing_moves_for_those_who_asked_for_stillness(open_page):
    page = open_page(PAGE)

    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter(element => {
            const style = getComputedStyle(element);
            return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
        }).length"""
    )
    assert moving == 0


def test_more_contrast_is_answered_by_stronger_lines_and_text(open_page):
    page = open_page(PAGE, contrast="more")

    colours = page.evaluate(
        """[".muted", "body"].map(selector => getComputedStyle(document.querySelector(selector)).color)"""
    )
    assert colours[0] == colours[1]


def test_paper_shows_the_page_without_its_controls(open_page):
    page = open_page(PAGE)
    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator(".foot")).not_to_be_visible()
    expect(page.locator(".top form")).not_to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(34, 48, 45)"


def test_the_menu_of_staff_folds_on_a_phone(open_page, sign_in, no_overflow, axe):
    page = open_page(PAGE)
    sign_in(page, make_counselor().user)
    page.goto(f"{PAGE}?layout=staff")
    expect(page.get_by_role("button", name="Keluar")).not_to_be_visible()

    page.locator("summary", has_text="Menu").click()

    expect(page.get_by_role("button", name="Keluar")).to_be_visible()
    no_overflow(page)
    axe(page)


def test_after_a_part_was_replaced_the_focus_is_on_its_heading(open_page, htmx):
    page = open_page(PAGE)

    htmx(page)
    page.locator("[hx-target='#part']").press("Enter")

    page.locator("#part h3").wait_for()
    expect(page.locator("#part h3")).to_be_focused()
    expect(page.locator("#part")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#status")).to_have_text("", use_inner_text=True)


def test_what_could_not_be_fetched_is_said_where_everyone_notices(open_page, htmx):
    page = open_page(PAGE)
    page.route("**/*page=2", lambda route: route.abort())

    htmx(page)
    page.locator("[hx-target='#part']").press("Enter")

    expect(page.locator("#status")).to_have_text("Belum tersimpan. Coba lagi.")
    expect(page.locator("[hx-target='#part']")).to_be_focused()


def test_the_browser_stores_nothing_of_a_page_but_its_address(open_page, htmx):
    page = open_page(PAGE)
    htmx(page)
    page.locator("[hx-target='#part']").press("Enter")
    page.locator("#part h3").wait_for()

    stored = page.evaluate("({...localStorage, ...sessionStorage})")
    assert set(stored.values()) <= {PAGE}


def test_the_thread_keeps_its_text_readable_on_a_phone(open_page):
    page = open_page(PAGE)

    sizes = page.evaluate(
        "[...document.querySelectorAll('.thread text')].map(text => text.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 12
