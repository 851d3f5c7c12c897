"""The pages that users read: every link leads somewhere, and the model zoo has every config."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *(ROOT / folder / "README.md" for folder in ("datasets", "detectron2_lite")),
]
LEAVES = [path for path in ROOT.glob("configs/*/*.yaml") if not path.name.startswith("Base")]


def links(page: Path) -> list[str]:
    """Targets of the page's links, without those in code."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"\]\(([^()\s]+)\)", text)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the page's headings: lower case, no punctuation, hyphens for spaces."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page):
    for link in links(page):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_model_zoo_links_every_leaf_once():
    linked = [link for link in links(ROOT / "MODEL_ZOO.md") if link.endswith(".yaml")]
    assert sorted(linked) == sorted(str(path.relative_to(ROOT)) for path in LEAVES)


def test_model_zoo_links_each_config_by_its_name():
    zoo = (ROOT / "MODEL_ZOO.md").read_text(encoding="utf-8")
    for name, link in re.findall(r"\[([^\]]+)\]\((configs/[^)]+)\)", zoo):
        assert Path(link).stem == name
