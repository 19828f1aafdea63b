"""deploy/topology.toml is the single list: the topics are those of the registry, and the production set says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from devstack.data_folder import REPOSITORY
from devstack.topology import ServiceEntry, read_topology
from shared.contracts import REGISTRY
from shared.settings import read_settings

DEPLOY = REPOSITORY / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TOPOLOGY = read_topology(environ={})
WITH_DATABASE = [service for service in TOPOLOGY.services if service.database is not None]


def by_name(service: ServiceEntry) -> str:
    return service.name


def test_the_topics_are_those_of_the_registry() -> None:
    assert list(TOPOLOGY.topics) == REGISTRY.topics()


def test_every_producer_of_the_registry_is_a_service_with_a_group_of_its_own_name() -> None:
    assert {entry.service for entry in REGISTRY.all()} <= {service.name for service in TOPOLOGY.services}
    assert {service.name: service.group for service in WITH_DATABASE} == {
        service.name: service.name for service in WITH_DATABASE
    }


@pytest.mark.parametrize("service", TOPOLOGY.services, ids=by_name)
def test_ports_and_databases_are_the_defaults_of_the_settings(service: ServiceEntry) -> None:
    settings = read_settings(service.name, {})
    assert settings.port == service.port
    assert settings.urls[service.name] == service.url
    if service.database is not None:
        assert urlsplit(settings.database_url).path == f"/{service.database}"


def test_no_two_services_share_a_port_or_a_database() -> None:
    assert len({service.port for service in TOPOLOGY.services}) == len(TOPOLOGY.services)
    assert len({service.database for service in WITH_DATABASE}) == len(WITH_DATABASE)


def test_compose_runs_exactly_the_processes_of_the_topology() -> None:
    ours = {name: entry["command"] for name, entry in SERVICES.items() if entry["image"].startswith("onewindow:")}
    listed = {
        service.process_name(process): [service.module, process]
        for service in TOPOLOGY.services
        for process in service.processes
    }
    migrations = {f"{service.name}-migrate": [service.module, "migrate"] for service in WITH_DATABASE}
    assert ours == listed | migrations
    assert set(SERVICES) - set(ours) == {"postgres", "kafka", "kafka-topics", "otel-collector", "prometheus", "grafana"}


@pytest.mark.parametrize("service", TOPOLOGY.services, ids=by_name)
def test_compose_gives_every_process_the_ports_and_addresses_of_the_topology(service: ServiceEntry) -> None:
    for name, entry in SERVICES.items():
        if entry["image"].startswith("onewindow:"):
            environment = entry["environment"]
            http_process = service.process_name(service.processes[0])
            assert environment[f"ONEWINDOW_{service.variable}_PORT"] == str(service.port), name
            assert environment[f"ONEWINDOW_{service.variable}_URL"] == f"http://{http_process}:{service.port}", name
            assert environment["ONEWINDOW_ENV"] == "production", name


@pytest.mark.parametrize("service", WITH_DATABASE, ids=by_name)
def test_a_process_knows_its_own_database_and_no_other(service: ServiceEntry) -> None:
    for process in (*service.processes, "migrate"):
        environment = SERVICES[f"{service.name}-{process}"]["environment"]
        urls = {key: value for key, value in environment.items() if key.endswith("_DATABASE_URL")}
        assert list(urls) == [f"ONEWINDOW_{service.variable}_DATABASE_URL"]
        [url] = urls.values()
        assert url.startswith(f"postgresql://{service.database}:${{ONEWINDOW_DATABASE_PASSWORD:?")
        assert url.endswith(f"@postgres:5432/{service.database}")
    assert not any(key.endswith("_DATABASE_URL") for key in SERVICES["console"]["environment"])


@pytest.mark.parametrize("service", WITH_DATABASE, ids=by_name)
def test_nothing_starts_before_its_schema_and_the_topics(service: ServiceEntry) -> None:
    done = {"condition": "service_completed_successfully"}
    for process in service.processes:
        assert SERVICES[f"{service.name}-{process}"]["depends_on"] == {f"{service.name}-migrate": done, "kafka-topics": done}
    assert SERVICES[f"{service.name}-migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


@pytest.mark.parametrize("service", TOPOLOGY.services, ids=by_name)
def test_health_is_asked_where_the_topology_says(service: ServiceEntry) -> None:
    checked = SERVICES[service.process_name(service.processes[0])]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{service.port}{service.ready}'" in checked[-1]


def test_compose_creates_the_databases_and_topics_of_the_topology() -> None:
    assert SERVICES["postgres"]["environment"]["DATABASES"].split() == [service.database for service in WITH_DATABASE]
    topics = SERVICES["kafka-topics"]["environment"]
    assert topics["TOPICS"].split() == list(TOPOLOGY.topics)
    assert topics["PARTITIONS"] == str(TOPOLOGY.partitions)
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_only_gateway_and_console_leave_the_host_and_only_where_told() -> None:
    published = {name: entry["ports"] for name, entry in SERVICES.items() if "ports" in entry}
    assert published == {
        "gateway-api": ["${ONEWINDOW_BIND:-127.0.0.1}:8000:8000"],
        "console": ["${ONEWINDOW_BIND:-127.0.0.1}:8080:8080"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


def test_every_image_has_a_version_and_every_mounted_file_exists() -> None:
    for name, entry in SERVICES.items():
        _, _, tag = entry["image"].partition(":")
        assert tag not in ("", "latest"), name
        for mount in entry.get("volumes", []):
            source = mount.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount


def test_the_same_kafka_is_tested_and_run() -> None:
    pom = (DEPLOY / "kafka" / "pom.xml").read_text()
    version = SERVICES["kafka"]["image"].partition(":")[2]
    assert f"<artifactId>kafka_2.13</artifactId>\n      <version>{version}</version>" in pom
    assert SERVICES["kafka-topics"]["image"] == SERVICES["kafka"]["image"]


def test_prometheus_asks_every_api_and_worker() -> None:
    jobs = {
        job["job_name"]: job for job in yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    }
    apis = [f"{service.process_name('api')}:{service.port}" for service in WITH_DATABASE]
    workers = [
        f"{service.process_name('worker')}:{SERVICES['claims-worker']['environment']['ONEWINDOW_METRICS_PORT']}"
        for service in WITH_DATABASE
    ]
    assert jobs["api"]["static_configs"][0]["targets"] == apis
    assert jobs["worker"]["static_configs"][0]["targets"] == workers


def test_every_variable_of_compose_is_in_the_example() -> None:
    text = Path(DEPLOY / "docker-compose.yml").read_text()
    example = {line.partition("=")[0] for line in (DEPLOY / ".env.example").read_text().splitlines() if "=" in line}
    required = {part.partition(":?")[0] for part in text.split("${")[1:] if ":?" in part.partition("}")[0]}
    assert required <= example
