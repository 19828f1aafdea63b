import asyncio

from alembic import command

from shared.db.migrate import alembic_config, migrate
from tests.fixtures_stack import FreshDatabase
from tests.integration.enrollment.conftest import Api


async def test_the_scripts_make_exactly_the_tables_and_can_go_back(fresh_database: FreshDatabase) -> None:
    url = await fresh_database()
    await asyncio.to_thread(migrate, "enrollment", url)
    config = alembic_config("enrollment", url)
    await asyncio.to_thread(command.check, config)
    await asyncio.to_thread(command.downgrade, config, "base")
    await asyncio.to_thread(command.upgrade, config, "head")


async def test_the_service_is_healthy_and_described(api: Api) -> None:
    assert (await api.http.get("/health/ready")).json() == {"status": "ok"}
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    commands = [operation["post"] for operation in paths.values() if "post" in operation]
    assert all(any(p["name"] == "Idempotency-Key" and p["required"] for p in c["parameters"]) for c in commands)
    assert len(commands) == 8
