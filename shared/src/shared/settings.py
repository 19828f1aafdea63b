"""Settings of one process, from ``ONEWINDOW_*`` environment variables. Read once, at the edge; frozen from then on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.clock import Clock, parse_clock

_DEV_SECRET: Final = "onewindow-development-secret-0123456789abcdef"
_PORTS: Final = {"gateway": 8000, "enrollment": 8001, "claims": 8002, "workinjury-bridge": 8003, "console": 8080}


class SettingsError(ValueError):
    """A setting is missing or not allowed here; the message names the variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every service needs to know about where it runs."""

    service: str
    env: str
    """``dev``, ``test`` or ``production``."""
    host: str
    port: int
    database_url: str
    """postgresql://user@host:port/database"""
    kafka_bootstrap: str
    clock_setting: str
    service_secret: str
    """Signs tokens between services (HS256)."""
    data_key: str
    """32 hex digits or any text: keys for sealing personal data and blind indexes are derived from it."""
    urls: Mapping[str, str]
    """Base URL of every service by name."""
    oidc_issuer: str
    otlp_endpoint: str
    log_level: str
    pool_size: int
    metrics_port: int
    """Where the worker, which serves no HTTP, shows its metrics; 0: nowhere."""

    @property
    def production(self) -> bool:
        """Whether development conveniences are refused."""
        return self.env == "production"

    def clock(self) -> Clock:
        """The clock of this process."""
        return parse_clock(self.clock_setting)


def read_settings(service: str, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings for ``service`` (its package name with dashes). Raises SettingsError naming the variable at fault."""
    env = os.environ if environ is None else environ
    upper = service.upper().replace("-", "_")

    def value(name: str, default: str) -> str:
        return env.get(f"ONEWINDOW_{upper}_{name}", env.get(f"ONEWINDOW_{name}", default))

    stage = value("ENV", "dev")
    if stage not in ("dev", "test", "production"):
        raise SettingsError(f"ONEWINDOW_ENV={stage!r}: use dev, test or production")
    database = service.replace("-", "_")
    settings = Settings(
        service=service,
        env=stage,
        host=value("HOST", "127.0.0.1"),
        port=_number(f"ONEWINDOW_{upper}_PORT", env.get(f"ONEWINDOW_{upper}_PORT", str(_PORTS.get(service, 8000))), least=1),
        database_url=env.get(f"ONEWINDOW_{upper}_DATABASE_URL", f"postgresql://postgres@127.0.0.1:5432/{database}"),
        kafka_bootstrap=value("KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        clock_setting=value("CLOCK", ""),
        service_secret=value("SERVICE_SECRET", _DEV_SECRET),
        data_key=value("DATA_KEY", _DEV_SECRET),
        urls={
            name: env.get(f"ONEWINDOW_{name.upper().replace('-', '_')}_URL", f"http://127.0.0.1:{port}")
            for name, port in _PORTS.items()
        },
        oidc_issuer=value("OIDC_ISSUER", ""),
        otlp_endpoint=value("OTLP_ENDPOINT", ""),
        log_level=value("LOG_LEVEL", "INFO"),
        pool_size=_number("ONEWINDOW_POOL_SIZE", value("POOL_SIZE", "8"), least=1),
        metrics_port=_number("ONEWINDOW_METRICS_PORT", value("METRICS_PORT", "0"), least=0),
    )
    try:
        settings.clock()
    except ValueError as wrong:
        raise SettingsError(f"ONEWINDOW_CLOCK: {wrong}") from None
    if settings.production:
        _refuse_development(settings)
    return settings


def _refuse_development(settings: Settings) -> None:
    if settings.clock_setting not in ("", "system"):
        raise SettingsError("ONEWINDOW_CLOCK: a fixed or shifted clock is refused in production")
    for name, secret in (("SERVICE_SECRET", settings.service_secret), ("DATA_KEY", settings.data_key)):
        if secret == _DEV_SECRET or len(secret) < 32:
            raise SettingsError(f"ONEWINDOW_{name}: production needs a secret of its own, at least 32 characters")


def _number(name: str, text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise SettingsError(f"{name}: {text!r} is no number") from None
    if not least <= number < 65536:
        raise SettingsError(f"{name}: {number} is out of range")
    return number
