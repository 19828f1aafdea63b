from __future__ import annotations

import dataclasses

import pytest

from shared.clock import FixedClock, SystemClock
from shared.settings import Settings, SettingsError, read_settings

SECRETS = {"ONEWINDOW_SERVICE_SECRET": "s" * 32, "ONEWINDOW_DATA_KEY": "d" * 32}
PRODUCTION = {"ONEWINDOW_ENV": "production", **SECRETS}


def test_nothing_set_is_development_on_this_machine() -> None:
    settings = read_settings("workinjury-bridge", {})
    assert (settings.env, settings.production) == ("dev", False)
    assert (settings.host, settings.port, settings.metrics_port, settings.pool_size) == ("127.0.0.1", 8003, 0, 8)
    assert settings.database_url == "postgresql://postgres@127.0.0.1:5432/workinjury_bridge"
    assert settings.kafka_bootstrap == "127.0.0.1:9092"
    assert settings.urls["claims"] == "http://127.0.0.1:8002"
    assert isinstance(settings.clock(), SystemClock)


def test_one_services_own_setting_goes_before_the_common_one() -> None:
    environ = {
        "ONEWINDOW_LOG_LEVEL": "WARNING",
        "ONEWINDOW_CLAIMS_LOG_LEVEL": "DEBUG",
        "ONEWINDOW_CLAIMS_PORT": "9002",
        "ONEWINDOW_CLAIMS_DATABASE_URL": "postgresql://claims@db/claims",
        "ONEWINDOW_WORKINJURY_BRIDGE_URL": "http://bridge:8003",
        "ONEWINDOW_CLOCK": "fixed:2026-03-02T09:00:00",
    }
    claims, gateway = read_settings("claims", environ), read_settings("gateway", environ)
    assert (claims.log_level, gateway.log_level) == ("DEBUG", "WARNING")
    assert (claims.port, gateway.port) == (9002, 8000)
    assert claims.database_url == "postgresql://claims@db/claims"
    assert gateway.urls["workinjury-bridge"] == "http://bridge:8003"
    assert isinstance(claims.clock(), FixedClock)


def test_settings_are_frozen() -> None:
    settings = read_settings("claims", {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.env = "production"  # type: ignore[misc]  # what must not work


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"ONEWINDOW_ENV": "prod"}, "ONEWINDOW_ENV='prod'"),
        ({"ONEWINDOW_CLAIMS_PORT": "http"}, "ONEWINDOW_CLAIMS_PORT: 'http' is no number"),
        ({"ONEWINDOW_CLAIMS_PORT": "0"}, "ONEWINDOW_CLAIMS_PORT: 0 is out of range"),
        ({"ONEWINDOW_CLAIMS_PORT": "65536"}, "ONEWINDOW_CLAIMS_PORT: 65536 is out of range"),
        ({"ONEWINDOW_POOL_SIZE": "0"}, "ONEWINDOW_POOL_SIZE: 0 is out of range"),
        ({"ONEWINDOW_METRICS_PORT": "-1"}, "ONEWINDOW_METRICS_PORT: -1 is out of range"),
        ({"ONEWINDOW_METRICS_PORT": "x"}, "ONEWINDOW_METRICS_PORT: 'x' is no number"),
        ({"ONEWINDOW_CLOCK": "fixed:soon"}, "ONEWINDOW_CLOCK: Invalid isoformat string: 'soon'"),
        ({"ONEWINDOW_CLOCK": "sundial"}, "ONEWINDOW_CLOCK: clock 'sundial'"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        read_settings("claims", environ)
    assert str(wrong.value).startswith(message)


def test_production_with_everything_it_needs() -> None:
    settings = read_settings("claims", PRODUCTION)
    assert settings.production
    assert (settings.service_secret, settings.data_key) == ("s" * 32, "d" * 32)


def development() -> Settings:
    return read_settings("claims", {})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ONEWINDOW_SERVICE_SECRET": development().service_secret}, "ONEWINDOW_SERVICE_SECRET: production needs"),
        ({"ONEWINDOW_DATA_KEY": development().data_key}, "ONEWINDOW_DATA_KEY: production needs"),
        ({"ONEWINDOW_SERVICE_SECRET": "s" * 31}, "ONEWINDOW_SERVICE_SECRET: production needs"),
        ({"ONEWINDOW_DATA_KEY": ""}, "ONEWINDOW_DATA_KEY: production needs"),
        ({"ONEWINDOW_CLOCK": "fixed:2026-03-02T09:00:00"}, "ONEWINDOW_CLOCK: a fixed or shifted clock is refused"),
        ({"ONEWINDOW_CLAIMS_CLOCK": "from:2026-03-02T09:00:00"}, "ONEWINDOW_CLOCK: a fixed or shifted clock is refused"),
    ],
)
def test_production_refuses_what_development_may(changed: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings("claims", PRODUCTION | changed)
    assert str(refused.value).startswith(message)
    for secret in (development().service_secret, "s" * 31):
        assert secret not in str(refused.value)


def test_production_refuses_missing_secrets() -> None:
    with pytest.raises(SettingsError, match="ONEWINDOW_SERVICE_SECRET"):
        read_settings("claims", {"ONEWINDOW_ENV": "production"})
