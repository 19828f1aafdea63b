"""What the documents promise exists: code names of the glossary, links between pages, targets of make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("services/*/README.md"),
        *ROOT.glob("deploy/**/*.md"),
    )
)


def test_every_code_name_of_the_glossary_is_in_the_code() -> None:
    sources = [path.read_text("utf-8") for part in ("shared", "services") for path in ROOT.glob(f"{part}/**/src/**/*.py")]
    words = set(re.findall(r"\w+", "\n".join(sources)))
    rows = [line.split("|") for line in (ROOT / "docs/glossary.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    names = {name for row in rows if len(row) > 4 for name in re.findall(r"`([A-Za-z]\w+)`", row[3])}
    layers = {"catastrophic", "tilt", "assistance"}  # named in rule books, not in code
    assert len(names) > 60
    assert sorted(names - words - layers) == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if not t.startswith(("http://", "https://", "#"))]
    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


def test_make_has_the_targets_that_are_promised() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"demo", "test", "up", "down", "bench", "test-kafka", "help"} <= set(re.findall(r"^  make (\S+)", listed, re.M))
