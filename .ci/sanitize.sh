#!/bin/sh
# Builds the compiled helpers with sanitizers, in a copy of the tree, and runs the tests that use it: first for what
# one thread does wrong with memory and numbers, then for what several do to each other.
#   PYTHON=PROGRAM   the interpreter, with the packages of the tests
set -eu
PYTHON=${PYTHON:-python3}
cd "$(dirname "$0")/.."
native=$(dirname "$(echo collectors/*/native/module.c)")
framework=agent/framework/native
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a agent collectors leverwatch grafana helm tests pyproject.toml "$work"
rm -f "$work"/collectors/*/_native*.so "$work"/agent/framework/_native*.so
cd "$work"

include=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
suffix=.abi3.so

# build SANITIZERS: -Wcast-function-type and -Wmissing-field-initializers are off, as this extension, as all of them,
# casts methods and leaves slots out.
build() {
    for folder in "$native" "$framework"; do build_of "$folder" "$1"; done
}

# build_of FOLDER SANITIZERS
build_of() {
    gcc -g -O1 -Wall -Wextra -Werror -Wno-cast-function-type -Wno-missing-field-initializers \
        -DPy_LIMITED_API=0x030B0000 "-fsanitize=$2" -ffp-contract=off -fno-sanitize-recover=undefined -shared -fPIC -I"$include" \
        "$1"/*.c -o "$(dirname "$1")/_native$suffix" -lm
}

# tests LIBRARIES FILE...: with the sanitizers' libraries loaded first; xdist would start processes without them.
tests() (
    export PYTHONPATH="$work" LD_PRELOAD="$1"
    shift
    "$PYTHON" -c 'import sys
from leverwatch.collectors.aggregation import _native as it
sys.exit(not it.__file__.startswith(sys.argv[1]))' "$work"
    $without_random_addresses "$PYTHON" -m pytest -q -x -s -p no:cacheprovider "$@"
)

here=tests/collectors
counting=$here/aggregation
without_random_addresses=

# Leaks cannot be told apart from what the interpreter itself leaves at its end.
export ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc
build address,undefined
tests "$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
    $counting/test_native_*.py $counting/test_id_table.py $counting/test_dedupe.py $counting/test_threads.py \
    $counting/test_noted_lines.py $here/sources/files/test_workers.py $here/sources/files/test_quoted_files.py \
    tests/agent/framework/test_compiled.py
unset PYTHONMALLOC

# The interpreter and other packages are not built for this one: what they do is not watched, but for their locks,
# which say what happens before what. It has no room for addresses as random as some systems make them.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 exitcode=66"
if setarch -R true 2>/dev/null; then without_random_addresses="setarch -R"; fi
build thread
tests "$(gcc -print-file-name=libtsan.so)" $counting/test_threads.py $here/sources/files/test_workers.py

# That it sees anything: a race, put in on purpose.
sed -i 's/tally->counted++;/& { static long race; race++; }/' "$native/count.c"
build thread
if tests "$(gcc -print-file-name=libtsan.so)" $counting/test_threads.py >race.txt 2>&1 || ! grep -q 'data race' race.txt; then
    echo 'sanitize: a race that was put in on purpose was not seen' >&2
    exit 1
fi
echo 'sanitize: no fault was found; a race that was put in on purpose was'
