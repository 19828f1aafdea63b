#!/usr/bin/env bash
# Mutation tests of the benefit kernel: every small change of its four files must be noticed by the oracle or a unit test.
# `mutants.sh [PATTERN…]` works in .mutants/ (mutmut wants one source folder), then lists what survived;
# what may survive, and why, is in tests/oracle/README.md. A survivor is shown by `cd .mutants && mutmut show NAME`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-.venv/bin/python}")
mkdir -p .mutants/src .mutants/tests/unit/claims .mutants/services/claims/src/claims
for package in shared/src/shared services/claims/src/claims; do
  rm -rf ".mutants/src/${package##*/}" && cp -r "$package" .mutants/src/
done
rm -rf .mutants/tests/oracle .mutants/tests/unit/claims/adjudication .mutants/services/claims/src/claims/policy
cp -r tests/oracle .mutants/tests/
cp -r tests/unit/claims/adjudication .mutants/tests/unit/claims/
cp -r services/claims/src/claims/policy .mutants/services/claims/src/claims/
cat >.mutants/pyproject.toml <<'TOML'
[tool.mutmut]
source_paths = ["src"]
only_mutate = [
  "src/claims/domain/adjudication/kernel.py",
  "src/claims/domain/adjudication/plan.py",
  "src/claims/domain/adjudication/split.py",
  "src/claims/domain/adjudication/year_state.py",
]
also_copy = ["services"]
pytest_add_cli_args_test_selection = ["tests/unit/claims/adjudication", "tests/oracle/test_kernel_against_oracle.py"]
pytest_add_cli_args = ["--import-mode=importlib", "-p", "no:cacheprovider"]

[tool.pytest.ini_options]
pythonpath = ["."]
TOML
cd .mutants
unset PYTHONPATH
"$python" -m mutmut run "$@"
"$python" -m mutmut results
