#!/usr/bin/env bash
# Packages: cloudcoil.models.prometheus-operator 0.80.1.0 (with cloudcoil 0.6.0), pytest 8.4.2.
#
# Guess: a package of data models changes nothing for a test run that does not use it.
# Behaviour: with it installed, no run of pytest begins any more, whatever the tests are. Its base package registers a
#   plugin for pytest, which pytest imports at every start, and the plugin needs filelock, which comes only with the
#   extra `test` of the base package. With `-p no:cloudcoil`, or with that one package more, the same test passes.
# Seen on 2026-11-27 with Python 3.11.7:
#   ModuleNotFoundError: No module named 'filelock'        (exit code 1)
#   1 passed                                               (with -p no:cloudcoil)
#   1 passed                                               (with filelock 3.20.0 installed)
#
# Exits with 0 as long as that is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
run() { environment/bin/python -m "$@"; }
run pip install --quiet pytest==8.4.2 cloudcoil==0.6.0 cloudcoil.models.prometheus-operator==0.80.1.0
mkdir tests
echo 'def test_arithmetic(): assert 1 + 1 == 2' > tests/test_arithmetic.py

fail() { echo "changed: $1" >&2; exit 1; }

if run pytest -q tests > plain.txt 2>&1; then fail 'pytest begins with the models installed'; fi
grep "No module named 'filelock'" plain.txt || fail 'it ends for another reason'
run pytest -q -p no:cloudcoil tests > without.txt 2>&1 || fail 'it does not begin without the plugin either'
grep '1 passed' without.txt
run pip install --quiet filelock==3.20.0
run pytest -q tests > complete.txt 2>&1 || fail 'it does not begin with what the plugin needs'
grep '1 passed' complete.txt
