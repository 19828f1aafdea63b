"""Rule books for tests: the demo county's residents' book, changed."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "services/claims/src/claims/policy/books"
COUNTY = "990101-demo-county-residents.book.yaml"


def county_book(*, version: str = "demo-2", begins: str = "2026-03-21", ends: str | None = None, rate: str = "0.60") -> str:
    """A book of one version; ``rate``: what a level-2 outpatient claim is paid above its deductible (in force: 0.50)."""
    text = (FOLDER / COUNTY).read_text("utf-8")
    for old, new in (
        ("version: demo-1", f"version: {version}"),
        ("effective_from: 2024-01-01", f"effective_from: {begins}" + (f"\n    effective_to: {ends}" if ends else "")),
        ('deductible: [100], bands: [{rate: "0.50"}]', f'deductible: [100], bands: [{{rate: "{rate}"}}]'),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    known = "    accepted_findings:\n"
    return text.replace(known, f"{known}      poorer-paid-less: 依据如此\n", 1)
