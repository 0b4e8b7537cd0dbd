#!/bin/sh
# A journal of its own, in a mount namespace: journald.sh EXPORTER FOLDER. What was exported is in FOLDER/0, 1, 2 ...
set -eu
exporter=$1 out=$2
mount -t tmpfs none /run
mkdir -p /run/log/journal /run/systemd/journal /run/state /run/logs
export STATE_DIRECTORY=/run/state LOGS_DIRECTORY=/run/logs
/lib/systemd/systemd-journald >"$out/journald.log" 2>&1 &
journald=$!
trap 'kill $journald' EXIT
tries=0
until [ -S /run/systemd/journal/socket ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || exit 1
    sleep 0.05
done

say() { # The text of an entry of the unit `chat`, which is told as that of another process.
    python3 -I - "$1" <<'PROGRAM'
import socket, sys
fields = {"MESSAGE": sys.argv[1], "OBJECT_SYSTEMD_UNIT": "chat.service", "SYSLOG_IDENTIFIER": "chat"}
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
    client.connect("/run/systemd/journal/socket")
    client.send("".join(f"{name}={value}\n" for name, value in fields.items()).encode())
PROGRAM
}

export_to() {
    journalctl --sync
    "$exporter" chat.service
    mkdir "$out/$1"
    cp -a /run/logs/. "$out/$1"
}

export_killed() { # As if it were killed before it renames a file for the n-th time.
    mkdir -p /run/bin
    printf '#!/bin/sh\necho >>/run/renamed\n[ "$(wc -l </run/renamed)" -lt %s ] || exit 9\nexec /bin/mv "$@"\n' "$1" >/run/bin/mv
    chmod +x /run/bin/mv
    rm -f /run/renamed
    journalctl --sync
    if PATH="/run/bin:$PATH" "$exporter" chat.service; then exit 1; fi
}

say '{"model":"m","n":1}'
say 'Started serving.'
say "$(printf '{"model":"m","n":2,"colour":"\033[1m"}' | sed 's/\x1b/\\u001b/')"
export_to 0
for kill in 1 2 3; do
    say "{\"model\":\"m\",\"n\":\"a$kill\"}"
    export_killed $kill
    say "{\"model\":\"m\",\"n\":\"b$kill\"}"
    export_to $kill
done
export_to 4
