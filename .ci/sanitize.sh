#!/bin/sh
# Builds the compiled helper with sanitizers, in a copy of the tree, and runs the tests that use it.
#   PYTHON=PROGRAM   the interpreter, with the packages of the tests
set -eu
PYTHON=${PYTHON:-python3}
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a agent collectors leverwatch grafana helm tests pyproject.toml "$work"
rm -f "$work"/collectors/aggregation/_native*.so
cd "$work"

include=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
suffix=.abi3.so
# -Wcast-function-type and -Wmissing-field-initializers: as all extensions, this one casts methods and leaves slots out.
gcc -g -O1 -Wall -Wextra -Werror -Wno-cast-function-type -Wno-missing-field-initializers \
    -DPy_LIMITED_API=0x030B0000 -fsanitize=address,undefined -fno-sanitize-recover=undefined -shared -fPIC -I"$include" \
    collectors/aggregation/native/*.c -o "collectors/aggregation/_native$suffix" -lm

# Leaks cannot be told apart from what the interpreter itself leaves at its end.
export ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH="$work"
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
"$PYTHON" -c 'import leverwatch.collectors.aggregation._native as it, sys; sys.exit(not it.__file__.startswith(sys.argv[1]))' "$work"
"$PYTHON" -m pytest -q -x -s -p no:cacheprovider tests/collectors/aggregation/test_native_counter.py tests/collectors/aggregation/test_id_table.py \
    tests/collectors/sources/files/test_workers.py tests/collectors/aggregation/test_dedupe.py
