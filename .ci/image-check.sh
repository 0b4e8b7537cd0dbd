#!/bin/sh
# Builds the image with buildah and runs it as an orchestrator would: as PID 1, as user 10001, on a read-only root.
# Needs root, buildah, and util-linux; where the base image cannot be pulled, debootstrap makes a stand-in for it.
#   BASE=IMAGE          the base; without it, the one that the Dockerfile names, with its digest
#   BUILD_FLAGS=FLAGS   more flags for `buildah bud`, such as volumes with certificates of a proxy
set -eu
BUILD_FLAGS=${BUILD_FLAGS:-}
IMAGE=leverwatch:image-check
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
cd "$(dirname "$0")/.."
named=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)
digest=$(sed -n 's/^ARG PYTHON_DIGEST=//p' Dockerfile)
BASE=${BASE:-$named$digest}
work=$(mktemp -d)
container=
main=

finish() {
    code=$?
    [ -z "$main" ] || kill "$main" 2>/dev/null || true
    [ -z "$container" ] || buildah rm "$container" >/dev/null
    rm -rf "$work"
    exit $code
}
trap finish EXIT

say() { printf 'image-check: %s\n' "$*"; }
die() { say "FAILED: $*"; exit 1; }

if ! buildah inspect --type image "$BASE" >/dev/null 2>&1 && ! buildah pull -q "$BASE" >/dev/null 2>&1; then
    say "$BASE cannot be pulled; debootstrap makes a stand-in"
    BASE=$named
    debootstrap --variant=minbase --include=python3,python3-venv,python3-dev,ca-certificates bookworm "$work/root" >/dev/null
    mkdir "$work/context"
    tar -C "$work/root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -cf "$work/context/root.tar" .
    printf 'FROM scratch\nADD root.tar /\nCMD ["python3"]\n' >"$work/context/Dockerfile"
    buildah bud -q -t "$BASE" "$work/context" >/dev/null
    rm -rf "$work/root" "$work/context"
fi

# shellcheck disable=SC2086 # flags are words
buildah bud -q --format docker --network host --build-arg "PYTHON_IMAGE=$BASE" --build-arg PYTHON_DIGEST= \
    $BUILD_FLAGS -t "$IMAGE" . >/dev/null
say "built $IMAGE on $BASE"

container=$(buildah from "$IMAGE")
[ "$(buildah run "$container" -- id -u)" = 10001 ] || die "it does not run as 10001"
buildah run "$container" -- leverwatch demo --no-serve --folder /tmp/demo >/dev/null 2>&1 || die "the demo fails"
buildah run "$container" -- sh -c 'rm -r /tmp/demo; git --version' >/dev/null || die "there is no git"
buildah run "$container" -- sh -c 'grep -q ^psycopg= /opt/leverwatch/packages.txt &&
    python3 -m json.tool /opt/leverwatch/packages.json >/dev/null' || die "the lists of packages are not there"
# What is installed is what the lock says, and every one of it has its licence.
buildah run "$container" -- cat /opt/leverwatch/packages.txt >"$work/packages.txt"
buildah run "$container" -- cat /opt/leverwatch/THIRD_PARTY_NOTICES >"$work/notices"
buildah run "$container" -- cat /opt/leverwatch/sbom.cdx.json >"$work/sbom.json"
python3 - "$work" .ci/supply/image.txt <<'PYTHON' || die "the packages, their lock, their licences and their list differ"
import json, pathlib, re, sys
work, lock = map(pathlib.Path, sys.argv[1:])
def one(name, version):
    return f"{re.sub(r'[-_.]+', '-', name).lower()} {version}"
installed = {one(*line.split("==")) for line in (work / "packages.txt").read_text().split()}
entries = re.findall(r"^([a-z0-9.-]+)==(\S+)(.*)$", lock.read_text(), re.MULTILINE)
locked = {one(name, version) for name, version, marker in entries if "win32" not in marker}
components = json.loads((work / "sbom.json").read_text())["components"]
listed = {one(each["name"], each["version"]) for each in components if each["name"] != "leverwatch"}
notices = (work / "notices").read_text()
noticed = {each for each in installed if f"\n{each} (" in notices}
differing = [sorted(installed ^ other) for other in (locked, listed, noticed)]
sys.exit(str(differing) if any(differing) else 0)
PYTHON
! buildah run "$container" -- sh -c 'ls -d /opt/leverwatch/lib/python3*/site-packages/pip' 2>/dev/null || die "it has pip"
# The program itself must be readable and not writable for its user.
buildah run "$container" -- sh -c '! find / -xdev -writable -type f -not -path "/proc/*" -not -path "/sys/*" 2>/dev/null |
    grep -v -e ^/tmp/ -e ^/var/tmp/ -e ^/var/lib/leverwatch/' || die "its user can change files of the image"
buildah run "$container" -- leverwatch --version | grep -q 'with its compiled helper' || die "the helper is not there"
say "user, demo, helper, git, packages with their lock, licences and list: fine"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$work/state" "$work/config" "$work/merged"
chown 10001:10001 "$work/state"
cat >"$work/config/leverwatch.yaml" <<CONFIG
store: {url: "sqlite:////var/lib/leverwatch/leverwatch.db"}
web: {listen: "127.0.0.1:$port"}
CONFIG
cat >"$work/start.sh" <<'START'
set -eu
mount --bind "$1" "$2/merged"
mount -o remount,ro,bind "$2/merged"
mount -t proc proc "$2/merged/proc"
mount --rbind /dev "$2/merged/dev"
mount -t tmpfs tmpfs "$2/merged/tmp"
mount --bind "$2/state" "$2/merged/var/lib/leverwatch"
mount -t tmpfs tmpfs "$2/merged/etc/leverwatch"
cp "$2/config/leverwatch.yaml" "$2/merged/etc/leverwatch/"
exec chroot --userspec 10001:10001 "$2/merged" /usr/bin/env -i PATH=/opt/leverwatch/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 LEVERWATCH_CONFIG=/etc/leverwatch/leverwatch.yaml leverwatch run
START
root=$(buildah mount "$container")
unshare --mount --pid --fork --kill-child sh "$work/start.sh" "$root" "$work" 2>"$work/log" &
unshare_pid=$!
tries=0
until python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/-/ready', timeout=3)" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { cat "$work/log"; die "it does not get ready"; }
    sleep 0.5
done
main=$(tr -d ' ' <"/proc/$unshare_pid/task/$unshare_pid/children")
[ "$(awk '/^NSpid/ {print $NF}' "/proc/$main/status")" = 1 ] || die "it is not PID 1"
[ "$(awk '/^Uid/ {print $2}' "/proc/$main/status")" = 10001 ] || die "it is not user 10001"
buildah inspect --type image "$IMAGE" >"$work/image.json"
check_health() {
    python3 - "$work/image.json" "$root" "$1" <<'PYTHON'
import json, subprocess, sys
image, root, url = sys.argv[1:]
kind, *command = json.load(open(image))["Docker"]["config"]["Healthcheck"]["Test"]
environ = ["/usr/bin/env", "PATH=/opt/leverwatch/bin:/usr/bin:/bin", f"LEVERWATCH_HEALTH_URL={url}"]
done = subprocess.run(["chroot", "--userspec", "10001:10001", root, *environ, *command], stderr=subprocess.DEVNULL)
sys.exit(kind != "CMD" or done.returncode)
PYTHON
}
check_health "http://127.0.0.1:$port/-/healthy" || die "its health check fails for a healthy agent"
! check_health http://127.0.0.1:1/ || die "its health check cannot fail"
started=$(date +%s)
kill -TERM "$main"
code=0
wait "$unshare_pid" || code=$?
main=
[ "$code" = 0 ] || { cat "$work/log"; die "SIGTERM ends it with $code"; }
[ $(($(date +%s) - started)) -le 20 ] || die "SIGTERM takes too long"
grep -q 'event=stopped' "$work/log" || die "it does not stop in order"
[ -s "$work/state/leverwatch.db" ] || die "it stores nothing"
say "PID 1 as user 10001 on a read-only root: ready, healthy, ends on SIGTERM with 0"
