"""Every house rule, on a sample that keeps it and on samples that break it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.linters import FILE_RULES, TREE_RULES, check
from tools.linters.source import Source, tracked

DOMAIN = "services/claims/src/claims/domain/deductible.py"
APPLICATION = "services/claims/src/claims/application/settlement/settle_claim.py"
ADAPTER = "services/claims/src/claims/adapters/claims.py"
TEST = "tests/unit/claims/test_deductible.py"
REGISTRY_HOST = "https://files." + "pythonhosted.org/packages"
MACHINE_PATH = "/" + "home/someone/county"


def rules_broken(path: str, text: str) -> list[str]:
    return [finding.rule for finding in check([Source(path=path, text=text)])]


KEPT = {
    "integers": (DOMAIN, '"""D."""\n\nfrom shared.money import share\n\nHALF = 5 // 2\n'),
    "division outside money": ("shared/src/shared/telemetry/metrics.py", '"""M."""\n\nSHARE = 1 / 2\n'),
    "its own clock": ("shared/src/shared/clock.py", '"""C."""\n\nfrom datetime import datetime\n\nNOW = datetime.now()\n'),
    "clock in a test": (TEST, "from datetime import date\n\nTODAY = date.today()\n"),
    "monotonic time": (ADAPTER, '"""A."""\n\nimport time\n\nBEGUN = time.monotonic()\n'),
    "private needs no docstring": (DOMAIN, '"""D."""\n\n\ndef _inner() -> None: ...\n'),
    "test needs no docstring": (TEST, "def test_it() -> None:\n    assert 1 + 1 == 2\n"),
    "use case": (
        APPLICATION,
        '"""S."""\n\n\nclass SettleClaim:\n    """S."""\n\n    async def __call__(self) -> None:\n        """C."""\n',
    ),
    "reaction": (
        "services/claims/src/claims/application/on_person_stated.py",
        '"""O."""\n\n\nasync def on_person_stated() -> None:\n    """O."""\n',
    ),
    "use case with its command": (
        APPLICATION,
        '"""S."""\n\nfrom dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass SettleCommand:\n    """C."""\n\n\n'
        'class SettleClaim:\n    """S."""\n',
    ),
    "types in a noun module": (
        "services/claims/src/claims/application/commands.py",
        '"""C."""\n\nfrom enum import Enum\n\n\nclass Kind(Enum):\n    """K."""\n\n    A = 1\n\n\ndef label(kind: Kind) -> str:\n    """L."""\n    return kind.name\n',
    ),
    "sql in an adapter": (ADAPTER, '"""A."""\n\nimport sqlalchemy\n\nROWS = "SELECT 1 FROM claim"\n'),
    "event in contracts": (
        "shared/src/shared/contracts/claims.py",
        '"""C."""\n\nfrom shared.contracts.envelope import event\n\n\n@event("claims.x.v1", topic="claims.x.v1", key="id")\nclass X:\n    """X."""\n',
    ),
    "own refusal code, twice in one module": (
        DOMAIN,
        '"""D."""\n\nfrom shared.errors import invalid\n\nA = invalid("claims.visit.unknown", "x")\nB = invalid("claims.visit.unknown", "x")\n',
    ),
    "reasoned silence": (DOMAIN, '"""D."""\n\nX = []  # type: ignore[var-annotated]  # filled by the caller\n'),
    "relative path": ("docs/demo.md", "see `./deploy/home/county` and $HOME/work/x"),
}

BROKEN = {
    "float literal": (DOMAIN, '"""D."""\n\nRATE = 0.5\n', ["exact-money"]),
    "division": (
        "shared/src/shared/ledger/journal.py",
        '"""J."""\n\n\ndef half(a: int) -> int:\n    """H."""\n    return a / 2\n',
        ["exact-money"],
    ),
    "float call": ("shared/src/shared/money.py", '"""M."""\n\nX = float("1")\n', ["exact-money"]),
    "float parameter": (DOMAIN, '"""D."""\n\n\ndef pay(a: float) -> None:\n    """P."""\n', ["exact-money"]),
    "round": (DOMAIN, '"""D."""\n\nX = round(3)\n', ["exact-money"]),
    "now": (APPLICATION, '"""S."""\n\nfrom datetime import datetime\n\nX = datetime.now()\n', ["clock-and-chance"]),
    "today": (ADAPTER, '"""A."""\n\nimport datetime\n\nX = datetime.date.today()\n', ["clock-and-chance"]),
    "uuid": (ADAPTER, '"""A."""\n\nimport uuid\n\nX = uuid.uuid4()\n', ["clock-and-chance"]),
    "random": (ADAPTER, '"""A."""\n\nimport random\n\nX = random.random()\n', ["clock-and-chance"]),
    "no module docstring": (DOMAIN, "X = 1\n", ["docstring"]),
    "no function docstring": (DOMAIN, '"""D."""\n\n\ndef pay() -> None: ...\n', ["docstring"]),
    "no method docstring": (DOMAIN, '"""D."""\n\n\nclass A:\n    """A."""\n\n    def pay(self) -> None: ...\n', ["docstring"]),
    "drawer module": ("services/claims/src/claims/utils.py", '"""U."""\n', ["banned-name"]),
    "drawer package": ("tests/unit/helpers/amounts.py", "X = 1\n", ["banned-name"]),
    "two use cases": (
        APPLICATION,
        '"""S."""\n\n\nasync def settle() -> None:\n    """S."""\n\n\nasync def undo() -> None:\n    """U."""\n',
        ["use-case"],
    ),
    "use case named by a noun": (
        "services/claims/src/claims/application/settlement/claim.py",
        '"""C."""\n\n\nclass Claim:\n    """C."""\n\n    async def __call__(self) -> None:\n        """C."""\n',
        ["use-case"],
    ),
    "library in a domain": (DOMAIN, '"""D."""\n\nimport logging\n', ["pure-domain"]),
    "platform in a domain": (DOMAIN, '"""D."""\n\nfrom shared.db import Database\n', ["pure-domain"]),
    "await in a domain": (DOMAIN, '"""D."""\n\n\nasync def pay() -> None:\n    """P."""\n', ["pure-domain"]),
    "print": (ADAPTER, '"""A."""\n\nprint("x")\n', ["no-print"]),
    "sqlalchemy in a use case": (APPLICATION, '"""S."""\n\nfrom sqlalchemy import select\n', ["sql-in-adapters"]),
    "sql text in an entrypoint": (
        "services/claims/src/claims/entrypoints/http/claims.py",
        '"""H."""\n\nX = "SELECT claim_id FROM claim"\n',
        ["sql-in-adapters"],
    ),
    "event elsewhere": (
        DOMAIN,
        '"""D."""\n\nfrom shared.contracts import event\n\n\n@event("claims.x.v1", topic="t", key="k")\nclass X:\n    """X."""\n',
        ["events"],
    ),
    "foreign prefix": (
        DOMAIN,
        '"""D."""\n\nfrom shared.errors import conflict\n\nX = conflict("gateway.matter.closed", "x")\n',
        ["refusal-code"],
    ),
    "shared with a service's prefix": (
        "shared/src/shared/db/once.py",
        '"""O."""\n\nfrom shared import errors\n\nX = errors.conflict("claims.key.reused", "x")\n',
        ["refusal-code"],
    ),
    "code without subject": (
        DOMAIN,
        '"""D."""\n\nfrom shared.errors import Kind, Refusal\n\nX = Refusal(Kind.INVALID, "bad", "x")\n',
        ["refusal-code"],
    ),
    "bare ignore": (DOMAIN, '"""D."""\n\nX = []  # type: ignore\n', ["reason", "reason"]),
    "ignore without reason": (DOMAIN, '"""D."""\n\nX = []  # type: ignore[var-annotated]\n', ["reason"]),
    "noqa without reason": (TEST, "X = 1  # noqa: E501\n", ["reason"]),
    "left for later": (TEST, "X = 1  # TO" + "DO finish\n", ["unfinished"]),
    "stub": (DOMAIN, '"""D."""\n\n\ndef pay() -> None:\n    """P."""\n    raise NotImplementedError\n', ["unfinished"]),
    "skipped test": (TEST, "import pytest\n\n\n@pytest.mark.skip\ndef test_it() -> None: ...\n", ["unfinished"]),
    "registry": ("requirements/run.txt", f"--index-url {REGISTRY_HOST}\n", ["address"]),
    "machine path": ("docs/demo.md", f"open {MACHINE_PATH}\n", ["address"]),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_sample_that_keeps_the_rules(name: str) -> None:
    assert rules_broken(*KEPT[name]) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_sample_that_breaks_one(name: str) -> None:
    path, text, expected = BROKEN[name]
    assert rules_broken(path, text) == expected


def test_every_rule_has_a_sample_that_breaks_it() -> None:
    assert len({rule for _, _, broken in BROKEN.values() for rule in broken}) == len(FILE_RULES) + len(TREE_RULES)


def test_one_code_in_two_modules_is_found_across_files() -> None:
    text = '"""D."""\n\nfrom shared.errors import invalid\n\nX = invalid("claims.visit.unknown", "x")\n'
    findings = check([Source(path=DOMAIN, text=text), Source(path=ADAPTER, text=text)])
    assert [(finding.path, finding.line, finding.rule) for finding in findings] == [(ADAPTER, 5, "refusal-code")]


def test_the_tree_is_what_git_tracks_or_would_add(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "ignored.py").write_text("X = 1\n")
    (tmp_path / "new.py").write_text("X = 1\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    assert [source.path for source in tracked(tmp_path)] == [".gitignore", "new.py"]
