"""Settings of this service alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

CONFIRM_WITHIN: Final = timedelta(hours=24)
"""How long a final direct settlement stays reserved without the fact that claims has settled."""


def policy_path(environ: Mapping[str, str] | None = None) -> Path:
    """The bridge's rule book: ``ONEWINDOW_WORKINJURY_BRIDGE_POLICY`` (file or folder), otherwise the one in the package."""
    return _path("ONEWINDOW_WORKINJURY_BRIDGE_POLICY", "bridge-demo-2026.yaml", environ)


def benefits_path(environ: Mapping[str, str] | None = None) -> Path:
    """The rule book of the cash benefits: ``ONEWINDOW_WORKINJURY_BRIDGE_BENEFITS``, otherwise the one in the package."""
    return _path("ONEWINDOW_WORKINJURY_BRIDGE_BENEFITS", "benefits-demo-2026.yaml", environ)


def codes_path(environ: Mapping[str, str] | None = None) -> Path:
    """The table of codes: ``ONEWINDOW_WORKINJURY_BRIDGE_CODES``, otherwise the one in the package."""
    return _path("ONEWINDOW_WORKINJURY_BRIDGE_CODES", "codes.yaml", environ)


def _path(name: str, shipped: str, environ: Mapping[str, str] | None) -> Path:
    chosen = (os.environ if environ is None else environ).get(name)
    return Path(chosen) if chosen else Path(__file__).parent / "policy" / shipped
