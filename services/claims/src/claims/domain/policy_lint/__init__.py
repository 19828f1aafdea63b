"""A linter for rule books: conflicts, gaps and cliffs found by solving the rules, each with a smallest claim that shows it."""

from claims.domain.policy_lint.findings import Finding, Severity
from claims.domain.policy_lint.lint import lint, lint_times
from claims.domain.policy_lint.options import LintOptions

__all__ = ["Finding", "LintOptions", "Severity", "lint", "lint_times"]
