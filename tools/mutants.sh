#!/usr/bin/env bash
# Mutation tests of the benefit kernel: every small change of its four files must be noticed by the oracle or by a unit test.
# Works in .mutants/, for mutmut wants one source folder. Mutants that no claim of tools/mutants.py kills go to mutmut, which
# runs the tests on them, and are listed with what became of them; which may survive, and why: tests/oracle/README.md.
# One is shown by `cd .mutants && ../.venv/bin/python -m mutmut show NAME`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-.venv/bin/python}")
rm -rf .mutants
mkdir -p .mutants/src .mutants/tests/unit/claims .mutants/services/claims/src/claims
cp -r shared/src/shared services/claims/src/claims .mutants/src/
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
tools=$PWD/tools
cd .mutants
unset PYTHONPATH
"$python" -m mutmut run 'claims.domain.adjudication.year_state*'
PYTHONPATH=mutants/src:mutants "$python" "$tools/mutants.py" >left.txt
[ ! -s left.txt ] || xargs "$python" -m mutmut run <left.txt
echo "survived:"
"$python" -m mutmut results | grep 'survived\|timeout\|suspicious\|no tests' || echo "none"
