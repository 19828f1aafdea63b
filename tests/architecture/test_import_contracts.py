"""The import contracts hold for this tree, and they bite: a synthetic house with one wrong import breaks each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("enrollment", "claims", "workinjury_bridge", "gateway")
ROOMS = ("domain", "application", "adapters", "entrypoints")
MODULES = (
    *(f"{service}/{room}/__init__.py" for service in SERVICES for room in ROOMS),
    *(f"{service}/bootstrap.py" for service in SERVICES),
    *(f"{service}/__init__.py" for service in SERVICES),
    *(
        f"shared/{part}/__init__.py"
        for part in ("contracts", "ledger", "calendar", "rules", "db", "http", "messaging", "auth", "telemetry")
    ),
    *(f"shared/{part}.py" for part in ("__init__", "money", "ids", "clock", "errors", "settings", "transactions")),
    "shared/messaging/kafka.py",
    "shared/ledger/books.py",
    "shared/ledger/journal.py",
    "devstack/__init__.py",
    "gateway/entrypoints/console/__init__.py",
)


def lint(cwd: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    config = ["--config", str(ROOT / ".importlinter"), "--no-cache"]
    env = {**os.environ, "PYTHONPATH": str(cwd), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run([*program, *config], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Empty modules in the shape of our packages, found before the installed ones."""
    for module in MODULES:
        path = tmp_path / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path


def test_this_tree_keeps_every_contract() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_synthetic_house_keeps_them(house: Path) -> None:
    (house / "shared/messaging/kafka.py").write_text("import aiokafka\n")
    (house / "claims/bootstrap.py").write_text("import claims.adapters\nimport claims.application\n")
    (house / "claims/entrypoints/__init__.py").write_text("import claims.bootstrap\nimport claims.application\n")
    result = lint(house)
    assert result.returncode == 0, result.stdout + result.stderr


WRONG = {
    "a room that is not in the house": ("claims/utils.py", "", "Every service has the same rooms"),
    "domain to application": ("claims/domain/__init__.py", "import claims.application", "Every service has the same rooms"),
    "application to adapters": (
        "gateway/application/__init__.py",
        "import gateway.adapters",
        "Every service has the same rooms",
    ),
    "adapters to entrypoints": ("claims/adapters/__init__.py", "import claims.entrypoints", "Every service has the same rooms"),
    "service to service": ("gateway/adapters/__init__.py", "import claims.domain", "Services are independent"),
    "shared to service": ("shared/errors.py", "import claims", "shared and devstack know no service"),
    "devstack to service": ("devstack/__init__.py", "import claims.bootstrap", "shared and devstack know no service"),
    "service to devstack": ("claims/adapters/__init__.py", "import devstack", "does not know devstack"),
    "aiokafka in a service": ("claims/adapters/__init__.py", "import aiokafka", "Only shared.messaging.kafka"),
    "aiokafka elsewhere in shared": ("shared/messaging/__init__.py", "import aiokafka", "Only shared.messaging.kafka"),
    "sqlalchemy in a use case": ("claims/application/__init__.py", "import sqlalchemy", "Use cases know no library"),
    "platform in a use case": ("claims/application/__init__.py", "import shared.db", "Use cases know no library"),
    "fastapi in a domain": ("claims/domain/__init__.py", "import fastapi", "Use cases know no library"),
    "entrypoint to adapter": ("claims/entrypoints/__init__.py", "import claims.adapters", "Entrypoints reach adapters"),
    "console to use case": ("gateway/entrypoints/console/__init__.py", "import gateway.application", "The console knows"),
    "kernel to platform": ("shared/money.py", "import shared.settings", "The kernel of shared"),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_import_breaks_its_contract(house: Path, name: str) -> None:
    path, text, contract = WRONG[name]
    (house / path).write_text(text + "\n")
    result = lint(house)
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN") and contract in line]
    assert (result.returncode, len(broken)) == (1, 1), result.stdout + result.stderr
