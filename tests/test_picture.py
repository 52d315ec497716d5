"""The README's picture of `uv run dev`; what it shows is looked at when it is drawn anew."""

import re
from xml.etree import ElementTree

from tests.conftest import REPOSITORY

NAMESPACE = "http://www.w3.org/2000/svg"


def test_picture_is_in_the_readme_described_and_complete() -> None:
    svg = (REPOSITORY / "docs/uv-run-dev.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(svg)

    assert "docs/uv-run-dev.svg" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert root.attrib["role"] == "img"
    assert root.findtext(f"{{{NAMESPACE}}}title")
    assert root.findtext(f"{{{NAMESPACE}}}desc")
    assert len(svg.encode()) < 25_000
    foreign = re.sub(rf"http://127\.0\.0\.1:\d+|{NAMESPACE}", "", svg)
    assert "://" not in foreign
