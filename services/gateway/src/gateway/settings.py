"""What the gateway alone needs to know, from ``ONEWINDOW_GATEWAY_*``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """See the names; times in seconds."""

    his_timeout_s: int
    """How long a HIS message may take in claims. HIS clients give up after 10 to 180 s (chs-interface 1.1)."""
    his_window_x_tif_s: int
    his_window_csb_s: int
    """How far a timestamp may be off; CSB documents 30 minutes, x-tif leaves it to the server (chs-interface 1.3)."""
    his_messages_per_s: int
    """Per institution and API process."""
    his_nonces: str
    """``memory`` with one API process, ``database`` with several: where replayed nonces are remembered."""
    oidc_audience: str
    partners_file: str | None
    """The county's partners; without one those of the demonstration, and in production none."""


def read_gateway_settings(platform: Settings, environ: Mapping[str, str] | None = None) -> GatewaySettings:
    """Raises SettingsError naming the variable at fault, and in production when no identity provider is named."""
    env = os.environ if environ is None else environ

    def seconds(name: str, default: int) -> int:
        text = env.get(f"ONEWINDOW_GATEWAY_{name}", str(default))
        if not text.isdigit() or int(text) == 0:
            raise SettingsError(f"ONEWINDOW_GATEWAY_{name}={text!r}: a positive whole number is needed")
        return int(text)

    nonces = env.get("ONEWINDOW_GATEWAY_HIS_NONCES", "memory")
    if nonces not in ("memory", "database"):
        raise SettingsError(f"ONEWINDOW_GATEWAY_HIS_NONCES={nonces!r}: use memory or database")
    if platform.production and not platform.oidc_issuer:
        raise SettingsError("ONEWINDOW_OIDC_ISSUER: production needs an identity provider; the local one is for development")
    return GatewaySettings(
        his_timeout_s=seconds("HIS_TIMEOUT_S", 60),
        his_window_x_tif_s=seconds("HIS_WINDOW_X_TIF_S", 600),
        his_window_csb_s=seconds("HIS_WINDOW_CSB_S", 1800),
        his_messages_per_s=seconds("HIS_MESSAGES_PER_S", 500),
        his_nonces=nonces,
        oidc_audience=env.get("ONEWINDOW_GATEWAY_OIDC_AUDIENCE", "onewindow-gateway"),
        partners_file=env.get("ONEWINDOW_GATEWAY_PARTNERS_FILE"),
    )
