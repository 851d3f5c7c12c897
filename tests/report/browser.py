"""A headless browser of the system, driven by playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# It runs as root in containers without a GPU, and must not look for its maker's hosts.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
# Milliseconds; machines that run other tests beside this one are slow.
TIMEOUT = 60_000


def playwright_api():
    return pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@contextmanager
def start_browser() -> Iterator:
    """A playwright browser; skips the test where there is none."""
    playwright = playwright_api()
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no browser is installed (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def open_page(browser, path: Path, **options) -> Iterator:
    """Open a page from disk; at the end nothing must have been asked of any host, and the console
    must be silent.

    Args:
        options: of the browser's context (viewport, color_scheme, ...).
    """
    context = browser.new_context(**{"viewport": {"width": 1200, "height": 800}, **options})
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    requests, messages = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector(".card")
    yield page
    context.close()
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert messages == []
