#!/usr/bin/env bash
# Packages: jsonschema 4.26.0, check-jsonschema 0.39.0 with rfc3987-syntax 1.1.0 and lark 1.3.1.
#
# Guess: a command-line tool that lies in the same environment costs a program nothing that never calls it.
# Behaviour: check-jsonschema asks for jsonschema with its extra of formats. From then on `import jsonschema` finds
#   rfc3987-syntax and imports it, and that compiles a parser for each of 38 names of a grammar while it is imported:
#   whoever imports jsonschema pays several times the whole import, also where no schema has a format. Told that there is
#   no such module, jsonschema goes without the formats of IRIs.
# Seen on 2026-11-29 with Python 3.11.7:
#   alone: 0.10 s of processor time, format iri: False
#   beside check-jsonschema: 1.52 s, format iri: True
#   beside it, told that there is no rfc3987_syntax: 0.11 s, format iri: False
#   the import is several times as slow: True
#
# Exits with 0 as long as that is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
python=environment/bin/python
cat > importing.py <<'PYTHON'
import sys
import time

if "without" in sys.argv:
    sys.modules["rfc3987_syntax"] = None
begun = time.process_time()
import jsonschema

seconds = time.process_time() - begun
formats = jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers
print(f"{seconds:.2f} {'iri' in formats}")
PYTHON
$python -m pip install --quiet jsonschema==4.26.0
$python importing.py > /dev/null
alone=$($python importing.py)
$python -m pip install --quiet check-jsonschema==0.39.0 rfc3987-syntax==1.1.0 lark==1.3.1 jsonschema==4.26.0
$python importing.py > /dev/null
beside=$($python importing.py)
told=$($python importing.py without)
echo "alone: ${alone% *} s of processor time, format iri: ${alone#* }"
echo "beside check-jsonschema: ${beside% *} s, format iri: ${beside#* }"
echo "beside it, told that there is no rfc3987_syntax: ${told% *} s, format iri: ${told#* }"
$python - "${alone% *}" "${beside% *}" "${told% *}" <<'PYTHON'
import sys

alone, beside, told = map(float, sys.argv[1:])
slower = beside > 4 * alone and beside > 3 * told
print(f"the import is several times as slow: {slower}")
sys.exit(not slower)
PYTHON
