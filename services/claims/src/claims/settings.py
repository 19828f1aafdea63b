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
    """Files and folders of dated rules; ours, if nothing is set."""

    rule_books: Path
    """``ONEWINDOW_CLAIMS_RULE_BOOKS``."""
    work_injury_care: Path
    """Categories of treatment of the Jiangsu interface."""
    late_facts: Path
    """``ONEWINDOW_CLAIMS_LATE_FACTS``: the file of the policy on late facts."""
    stay_credits: Path
    """``ONEWINDOW_CLAIMS_STAY_CREDITS``: the file of the limit of stays on credit."""
    assistance: Path
    """``ONEWINDOW_CLAIMS_ASSISTANCE``: the file of the policy on assistance by application."""
    account_rules: Path
    """``ONEWINDOW_CLAIMS_ACCOUNT_RULES``: monthly credits, interest and family sharing of personal accounts."""
    burden_lines: Path
    """``ONEWINDOW_CLAIMS_BURDEN_LINES``: the lines of the burden watch."""
    facts: Path | None = None
    """``ONEWINDOW_CLAIMS_FACTS``: folder whose folders simulations may name as facts."""
    simulations: Path = WORK
    """``ONEWINDOW_CLAIMS_SIMULATIONS``: where simulations work."""


def read_claims_settings(environ: Mapping[str, str] | None = None) -> ClaimsSettings:
    """Raises SettingsError when a folder or the file does not exist."""
    env = os.environ if environ is None else environ

    def path(name: str, ours: str) -> Path:
        return Path(env.get(name) or Path(__file__).parent / "policy" / ours)

    def folder(name: str, ours: str) -> Path:
        found = path(name, ours)
        if not found.is_dir():
            raise SettingsError(f"{name}: {found} is no folder")
        return found

    work_injury_care = path("ONEWINDOW_CLAIMS_WORK_INJURY_CARE", "work-injury-care.yaml")
    late_facts = path("ONEWINDOW_CLAIMS_LATE_FACTS", "late-facts.yaml")
    if not work_injury_care.is_file():
        raise SettingsError(f"ONEWINDOW_CLAIMS_WORK_INJURY_CARE: {work_injury_care} is no file")
    if not late_facts.is_file():
        raise SettingsError(f"ONEWINDOW_CLAIMS_LATE_FACTS: {late_facts} is no file")
    stay_credits = path("ONEWINDOW_CLAIMS_STAY_CREDITS", "stay-credits.yaml")
    if not stay_credits.is_file():
        raise SettingsError(f"ONEWINDOW_CLAIMS_STAY_CREDITS: {stay_credits} is no file")
    assistance = path("ONEWINDOW_CLAIMS_ASSISTANCE", "assistance.yaml")
    if not assistance.is_file():
        raise SettingsError(f"ONEWINDOW_CLAIMS_ASSISTANCE: {assistance} is no file")
    facts = env.get("ONEWINDOW_CLAIMS_FACTS")
    if facts and not Path(facts).is_dir():
        raise SettingsError(f"ONEWINDOW_CLAIMS_FACTS: {facts} is no folder")
    work = env.get("ONEWINDOW_CLAIMS_SIMULATIONS")
    return ClaimsSettings(
        rule_books=folder("ONEWINDOW_CLAIMS_RULE_BOOKS", "books"),
        work_injury_care=work_injury_care,
        late_facts=late_facts,
        stay_credits=stay_credits,
        assistance=assistance,
        account_rules=folder("ONEWINDOW_CLAIMS_ACCOUNT_RULES", "accounts"),
        burden_lines=folder("ONEWINDOW_CLAIMS_BURDEN_LINES", "burden-lines"),
        facts=Path(facts) if facts else None,
        simulations=Path(work) if work else WORK,
    )
