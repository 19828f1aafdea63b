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
    chosen = (os.environ if environ is None else environ).get("ONEWINDOW_WORKINJURY_BRIDGE_POLICY")
    return Path(chosen) if chosen else Path(__file__).parent / "policy"
