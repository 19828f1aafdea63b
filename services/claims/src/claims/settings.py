"""Settings that only claims has, beside ``shared.settings``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from shared.settings import SettingsError

WORK: Final = Path(gettempdir()) / "onewindow-simulations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsSettings:
    """``rule_books``: the folder of rule books (``ONEWINDOW_CLAIMS_RULE_BOOKS``); ours, if nothing is set.

    ``late_facts``: the file of the policy on late facts (``ONEWINDOW_CLAIMS_LATE_FACTS``)."""

    rule_books: Path
    late_facts: Path
    facts: Path | None = None
    """Folder whose folders simulations may name as facts (``ONEWINDOW_CLAIMS_FACTS``)."""
    simulations: Path = WORK
    """Where simulations work (``ONEWINDOW_CLAIMS_SIMULATIONS``)."""


def read_claims_settings(environ: Mapping[str, str] | None = None) -> ClaimsSettings:
    """Raises SettingsError when the folder or the file does not exist."""
    env = os.environ if environ is None else environ
    folder = Path(env.get("ONEWINDOW_CLAIMS_RULE_BOOKS") or Path(__file__).parent / "policy" / "books")
    if not folder.is_dir():
        raise SettingsError(f"ONEWINDOW_CLAIMS_RULE_BOOKS: {folder} is no folder")
    late_facts = Path(env.get("ONEWINDOW_CLAIMS_LATE_FACTS") or Path(__file__).parent / "policy" / "late-facts.yaml")
    if not late_facts.is_file():
        raise SettingsError(f"ONEWINDOW_CLAIMS_LATE_FACTS: {late_facts} is no file")
    facts = env.get("ONEWINDOW_CLAIMS_FACTS")
    if facts and not Path(facts).is_dir():
        raise SettingsError(f"ONEWINDOW_CLAIMS_FACTS: {facts} is no folder")
    work = env.get("ONEWINDOW_CLAIMS_SIMULATIONS")
    return ClaimsSettings(
        rule_books=folder,
        late_facts=late_facts,
        facts=Path(facts) if facts else None,
        simulations=Path(work) if work else WORK,
    )
