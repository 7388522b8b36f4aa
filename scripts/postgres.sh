#!/usr/bin/env bash
# A PostgreSQL server of its own, to test against and to throw away.
#
#   scripts/postgres.sh start DIR PORT   install what is missing, start an empty server, print KEY=value lines
#   scripts/postgres.sh stop  DIR        stop the server that `start` started, and delete its data
#
# DIR keeps only a note of where the data is: they lie in the directory for temporary files, since the server doesn't run
# as root and must reach them. It listens on 127.0.0.1 only. As root on Debian the package postgresql is installed when
# it is missing; otherwise initdb and pg_ctl must be there, in the PATH or where Debian has them.
set -euo pipefail

password=zygos-Secret-1

fail() { printf 'postgres.sh: %s\n' "$*" >&2; exit 1; }

binaries() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$found" ] && command -v initdb >/dev/null; then
        found=$(dirname "$(command -v initdb)")
    fi
    printf '%s' "$found"
}

# As a user that isn't root.
as_server() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start() {
    local directory=$1 port=$2 data bin
    [[ $port =~ ^[0-9]+$ ]] || fail "start needs a port"
    stop "$directory"
    bin=$(binaries)
    if [ -z "$bin" ]; then
        [ "$(id -u)" = 0 ] || fail 'there is no PostgreSQL: install the package postgresql'
        { apt-get update -q && apt-get install -y -q postgresql; } >&2
        bin=$(binaries)
    fi
    mkdir -p "$directory"
    data=$(mktemp -d "${TMPDIR:-/tmp}/zygos-postgres.XXXXXX")
    if [ "$(id -u)" = 0 ]; then chown postgres "$data"; fi
    printf '%s' "$data" >"$directory/data"
    (
        cd "$data"
        printf '%s' "$password" | as_server tee password >/dev/null
        as_server "$bin/initdb" --pgdata "$data/db" --username zygos --pwfile "$data/password" --auth scram-sha-256 \
            --encoding UTF8 --locale C.UTF-8 >initdb.log 2>&1 || { tail -n 20 initdb.log >&2; fail 'initdb failed'; }
        as_server "$bin/pg_ctl" --pgdata "$data/db" --log "$data/db/server.log" --wait --timeout 60 --options \
            "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=400" start >&2 ||
            { tail -n 20 "$data/db/server.log" >&2; fail 'the server did not start'; }
    )
    printf 'ZYGOS_TEST_POSTGRES=postgres://zygos:%s@127.0.0.1:%s/postgres\n' "$password" "$port"
}

stop() {
    local directory=$1 data
    [ -f "$directory/data" ] || return 0
    data=$(cat "$directory/data")
    if [ -f "$data/db/postmaster.pid" ]; then
        (cd / && as_server "$(binaries)/pg_ctl" --pgdata "$data/db" --wait --mode immediate stop >&2) || true
    fi
    rm -rf "$data" "$directory/data"
}

case ${1:-} in
    start) [ $# = 3 ] || fail 'start DIR PORT'; start "$2" "$3" ;;
    stop) [ $# = 2 ] || fail 'stop DIR'; stop "$2" ;;
    *) sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
