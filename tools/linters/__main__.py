"""``python -m tools.linters``: prints findings, exit code 1 when there are any."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.linters import check
from tools.linters.source import tracked


def main() -> int:
    """Check the work tree that this file belongs to."""
    sources = tracked(Path(__file__).parents[2])
    findings = check(sources)
    for finding in findings:
        sys.stdout.write(f"{finding.path}:{finding.line}: {finding.rule}: {finding.message}\n")
    sys.stdout.write(f"house rules: {len(sources)} files, {len(findings)} findings\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
