"""The page in a real browser: filter, pictures, keyboard, narrow and dark screens."""

import base64
import re

import cv2
import numpy as np
import pytest
from helpers.report_sets import LEFT_WRIST, NUM_KEYPOINTS, RIGHT_ANKLE, annotated_keypoints

from adaanchor_d2.data import get_skeleton

from .browser import TIMEOUT, open_page, playwright_api, start_browser
from .conftest import NUM_PEOPLE, TITLES


@pytest.fixture(scope="module")
def browser():
    with start_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def desktop(browser, report):
    """One page for all tests; at the end it must have been silent."""
    with open_page(browser, report.page) as page:
        yield page


@pytest.fixture
def page(desktop):
    """The page as it was opened."""
    desktop.evaluate("document.getElementById('viewer').close()")
    desktop.click("#filter [type=reset]")
    playwright_api().expect(desktop.locator("#filter [name=run]")).to_have_value("-2")
    desktop.evaluate("window.scrollTo(0, 0)")
    return desktop


def choose(page, **choices):
    """Choose by the options' values or, where they are not numbers, by their labels."""
    for name, value in choices.items():
        page.locator(f"#filter [name={name}]").select_option(value)


def shown(page) -> tuple[int, int, int]:
    """Keypoints, people and cards that the page says it shows."""
    text = page.inner_text("#gallery-count").replace(",", "")
    numbers = re.match(r"Keypoints: (\d+)\. People: (\d+) of \d+\. Cards: (\d+)\.", text)
    return tuple(map(int, numbers.groups())) if numbers else (0, 0, 0)


def relative_errors() -> np.ndarray:
    """(2, N, K) of the two runs, in units of the radius of similarity 0.5; NaN: not labelled."""
    errors = np.zeros((2, NUM_PEOPLE, NUM_KEYPOINTS))
    errors[0] = 1.0
    errors[0, :, LEFT_WRIST] = 1.0 + 0.2 * np.arange(NUM_PEOPLE)
    errors[1, ::5, RIGHT_ANKLE] = 30.0
    radius = np.sqrt(-2 * np.log(0.5) * 3000) * 2 * np.array(get_skeleton("coco").sigmas)
    return np.where(annotated_keypoints(NUM_PEOPLE)[..., 2] > 0, errors / radius, np.nan)


def count(chosen: np.ndarray) -> tuple[int, int, int]:
    """Keypoints, people and cards of (runs, N, K) bool."""
    cards = chosen.any(axis=2)
    return int(chosen.sum()), int(cards.any(axis=0).sum()), int(cards.sum())


def test_the_filter_lets_through_what_it_says(page):
    errors, v = relative_errors(), annotated_keypoints(NUM_PEOPLE)[..., 2]
    choose(page, run="-1")
    assert shown(page) == count(errors >= 0)
    choose(page, joint=str(LEFT_WRIST))
    of_wrist = np.arange(NUM_KEYPOINTS) == LEFT_WRIST
    assert shown(page) == count((errors >= 0) & of_wrist)
    choose(page, state="hidden")
    assert shown(page) == count((errors >= 0) & of_wrist & (v == 1))
    choose(page, state="", error="wrong")
    assert shown(page) == count((errors > 1) & of_wrist)
    choose(page, joint="-1", run="1")
    assert shown(page) == count(errors[1:] > 1)
    choose(page, run="0", error="range")
    page.fill("#filter [name=from]", "0.5")
    page.fill("#filter [name=to]", "1.5")
    assert shown(page) == count((errors[:1] > 0.5) & (errors[:1] <= 1.5))
    choose(page, error="missing")
    assert shown(page) == (0, 0, 0)
    page.click("#filter [type=reset]")
    playwright_api().expect(page.locator("#filter [name=run]")).to_have_value("-2")
    assert shown(page)[1:] == (NUM_PEOPLE, NUM_PEOPLE)


def test_kinds_of_errors_can_be_chosen(page, report):
    choose(page, run="1", kind="4")  # an ankle 30 px off is at nobody's joint
    matched = page.evaluate("galleries[0].runs[1].errorKind.filter(kind => kind === 4).length")
    assert shown(page)[0] == matched > 0
    assert page.text_content(".card .card-kind").startswith("right ankle")


def test_the_worst_come_first_and_orders_can_be_chosen(page):
    choose(page, run="0", joint=str(LEFT_WRIST))
    labelled = np.flatnonzero(annotated_keypoints(NUM_PEOPLE)[:, LEFT_WRIST, 2] > 0)
    for order, person in (("worst", labelled[-1]), ("best", labelled[0]), ("sure", labelled[-1])):
        choose(page, order=order)
        assert f"{1 + 0.2 * person:.1f} px" in page.text_content(".card")
    choose(page, order="file", joint="-1")
    page.click(".card")
    assert page.inner_text("#viewer-title").startswith("Person 1, image 1 ")


def test_pictures_are_drawn_near_the_window_only(page):
    page.locator(".card").first.scroll_into_view_if_needed()
    page.wait_for_selector(".card-picture image")
    drawn = page.locator(".card-picture svg").count()
    assert 0 < drawn < 80 < page.locator(".card").count()
    page.locator(".card").last.scroll_into_view_if_needed()
    expect = playwright_api().expect
    expect(page.locator(".card")).to_have_count(NUM_PEOPLE, timeout=TIMEOUT)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".card").first.locator("svg")).to_have_count(0, timeout=TIMEOUT)
    assert page.locator(".card-picture svg").count() < 80


def test_a_card_shows_the_image_and_the_keypoint(page, report):
    choose(page, run="0", joint=str(LEFT_WRIST))
    card = page.locator(".card").first
    card.scroll_into_view_if_needed()
    page.wait_for_selector(".card-picture image")
    picture = cv2.imdecode(np.frombuffer(card.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture[20:120, 20:120].std() > 20
    person = int(np.flatnonzero(annotated_keypoints(NUM_PEOPLE)[:, LEFT_WRIST, 2])[-1])
    ring = card.locator("circle").first
    place = [float(ring.get_attribute(name)) for name in ("cx", "cy")]
    expected = annotated_keypoints(NUM_PEOPLE)[person, LEFT_WRIST, :2] + 0.5
    np.testing.assert_allclose(place, expected, atol=0.051)
    image = card.locator("image")
    gallery = report.sets[0].gallery
    jpeg = gallery["images"][gallery["image"][person]]
    assert image.get_attribute("href") == f"data:image/jpeg;base64,{jpeg['jpeg']}"
    size = cv2.imdecode(np.frombuffer(base64.b64decode(jpeg["jpeg"]), np.uint8), 1).shape[:2]
    x1, y1, x2, y2 = jpeg["region"]
    drawn = float(image.get_attribute("width")) / float(image.get_attribute("height"))
    assert np.isclose(drawn, (x2 - x1) / (y2 - y1)) and np.isclose(drawn, size[1] / size[0], 0.02)


def test_the_keyboard_is_enough(page):
    focused = "document.activeElement.dataset.index"
    page.focus("#filter [type=reset]")
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "0"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "1"
    page.keyboard.press("ArrowDown")
    below = int(page.evaluate(focused))
    top = "document.querySelectorAll('.card')[{}].getBoundingClientRect().top"
    assert page.evaluate(top.format(below)) > page.evaluate(top.format(1))
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert page.evaluate(focused) == str(NUM_PEOPLE - 1)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    first = page.inner_text("#viewer-title")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#viewer-title") != first
    run = page.input_value("#viewer-run")
    page.keyboard.press("ArrowDown")
    assert page.input_value("#viewer-run") != run
    page.keyboard.press("Escape")
    assert not page.is_visible("#viewer") and page.evaluate(focused) == "1"


def test_the_enlarged_view_lists_keypoints_and_draws_anchors(page):
    choose(page, run="0", joint=str(LEFT_WRIST))
    page.click(".card")
    labelled = (annotated_keypoints(NUM_PEOPLE)[-1, :, 2] > 0).sum()
    rows = page.locator("#viewer-rows tr")
    assert rows.count() == labelled
    assert rows.first.inner_text().startswith("left wrist") and "30.8" in rows.first.inner_text()
    assert page.locator("#viewer-picture .anchor").count() == 0
    page.check("[data-layer=anchor]")
    assert page.locator("#viewer-picture .anchor").count() == 1
    page.uncheck("[data-layer=gt]")
    assert page.locator("#viewer-picture .gt").count() == 0
    page.check("[data-layer=gt]")
    page.select_option("#viewer-run", "1")
    assert not page.is_visible("#anchor-layer")


def test_what_one_run_lacks_is_said_and_titles_are_text(page):
    assert "do not tell" not in page.inner_text("#gallery-help")
    assert page.title().startswith("Keypoint report")
    labels = page.locator("#filter [name=run] option").all_inner_texts()
    assert labels[-2:] == list(TITLES)


def test_lines_of_a_run_can_be_hidden(page):
    display = "getComputedStyle(document.querySelector('#training .group-0')).display"
    for shown_then in ("false", "true"):
        before = page.evaluate(display)
        page.click("#training .chip")
        assert page.get_attribute("#calibration .chip", "aria-pressed") == shown_then
        assert (page.evaluate(display) == "none") == (shown_then == "false") != (before == "none")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(browser, report, scheme):
    phone = {"width": 360, "height": 740}
    with open_page(browser, report.page, viewport=phone, color_scheme=scheme) as page:
        width = "document.documentElement.scrollWidth"
        assert page.evaluate(width) <= 360
        page.click(".card")
        assert page.evaluate(width) <= 360
        assert page.evaluate("document.getElementById('viewer').scrollWidth") <= 360
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", color)[:3])) > 380) == (scheme == "light")
