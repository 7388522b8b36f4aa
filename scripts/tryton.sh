#!/usr/bin/env bash
# A real Tryton 8.2 with a small believable company in it, to test against and to throw away.
#
#   scripts/tryton.sh start  DIR PORT   install into DIR what is missing, start, print KEY=value lines
#   scripts/tryton.sh stop   DIR        stop the server that `start` started
#   scripts/tryton.sh reset  DIR PORT   put the seeded data back and start
#   scripts/tryton.sh status DIR        exit code 0 when it answers
#
# Everything lives in DIR; DIR/env holds the printed lines. The first start takes a minute or two, every later
# one seconds. The server listens on 127.0.0.1 only. Needs bash, Python 3.10 or newer and a package index for
# pip; as root on Debian it installs python3-venv when that is missing.
#
#   TRYTON_PRODUCTS  number of plain products to seed (200)
#   TRYTON_PYTHON    the Python for the virtual environment (python3)
#   TRYTON_WORKER    1: tasks run later in a worker thread, as on a server with `[queue] worker`
#   TRYTON_VERBOSE   1: log every request
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
recipe=$here/tryton
database=erp
admin_password=admin-Secret-1
sync_password=sync-Secret-1
clerk_password=clerk-Secret-1
rest_key=rest-key-for-tests-0123456789abcdef
products=${TRYTON_PRODUCTS:-200}
python=${TRYTON_PYTHON:-python3}
modules=(sale purchase account_invoice_stock web_shop sale_shipment_cost sale_price_list stock_package
    stock_supply account_payment)

fail() { printf 'tryton.sh: %s\n' "$*" >&2; exit 1; }
note() { printf '%4ds %s\n' "$SECONDS" "$*" >&2; }

usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

# Runs a command with its output in a log; shows the log's end when the command fails.
logged() {
    local log=$directory/log/$1
    shift
    "$@" >"$log" 2>&1 || { tail -n 25 "$log" >&2; fail "failed: see $log"; }
}

ensure_venv() {
    local wanted
    wanted=$(cksum <"$recipe/requirements.txt")
    [ "$(cat "$directory/venv.built" 2>/dev/null)" = "$wanted" ] && return
    note 'virtual environment'
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        [ "$(id -u)" = 0 ] || fail "$python has no venv module: install python3-venv"
        logged apt.log sh -c 'apt-get update -q; apt-get install -y -q python3-venv'
    fi
    stop_server
    rm -rf "$directory/venv"
    "$python" -m venv "$directory/venv"
    logged pip.log "$directory/venv/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$recipe/requirements.txt"
    printf '%s' "$wanted" >"$directory/venv.built"
}

write_configuration() {
    cat >"$directory/trytond.conf" <<EOF
[database]
uri = sqlite://
path = $directory/db
[web]
listen = 127.0.0.1:$port
root = $directory/www
EOF
    if [ "${TRYTON_WORKER:-}" = 1 ]; then
        printf '[queue]\nworker = True\n' >>"$directory/trytond.conf"
    fi
}

# A database file that is complete on its own (the write-ahead log folded in).
keep_database() {
    "$directory/venv/bin/python" - "$directory/db/$database.sqlite" "$directory/kept/$1.sqlite" <<'EOF'
import sqlite3, sys
source, target = (sqlite3.connect(name) for name in sys.argv[1:])
source.backup(target)
EOF
}

restore_database() {
    rm -f "$directory/db/$database.sqlite"*
    cp "$directory/kept/$1.sqlite" "$directory/db/$database.sqlite"
}

ensure_database() {
    local empty_mark seeded_mark
    empty_mark="$(cat "$directory/venv.built") ${modules[*]}"
    seeded_mark="$empty_mark $products $(cksum <"$recipe/seed.py")"
    [ "$(cat "$directory/kept/seeded.mark" 2>/dev/null)" = "$seeded_mark" ] && return
    stop_server
    rm -f "$directory/kept/seeded".*
    if [ "$(cat "$directory/kept/empty.mark" 2>/dev/null)" = "$empty_mark" ]; then
        restore_database empty
    else
        note 'new database, activating modules'
        rm -f "$directory/db/$database.sqlite"* "$directory/kept/empty".*
        : >"$directory/db/$database.sqlite"
        printf '%s\n' "$admin_password" >"$directory/kept/admin.password"
        TRYTONPASSFILE=$directory/kept/admin.password logged database.log "$directory/venv/bin/trytond-admin" \
            -c "$directory/trytond.conf" -d "$database" --email admin@example.com --all \
            --activate-dependencies -u "${modules[@]}"
        keep_database empty
        printf '%s' "$empty_mark" >"$directory/kept/empty.mark"
    fi
    note "seeding $products products"
    TRYTOND_CONFIG=$directory/trytond.conf SEED_DATABASE=$database SEED_PRODUCTS=$products \
        SEED_SYNC_PASSWORD=$sync_password SEED_CLERK_PASSWORD=$clerk_password SEED_REST_KEY=$rest_key \
        SEED_OUTPUT=$directory/kept/ids logged seed.log "$directory/venv/bin/python" "$recipe/seed.py"
    keep_database seeded
    printf '%s' "$seeded_mark" >"$directory/kept/seeded.mark"
}

# The process id of our server when it lives and really is ours: a pid file may outlive its process.
server_pid() {
    local pid
    pid=$(cat "$directory/server.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null |
        grep -qxF "$directory/trytond.conf" && printf '%s' "$pid"
}

stop_server() {
    local pid attempt
    if pid=$(server_pid); then
        kill "$pid" 2>/dev/null || true
        for attempt in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            [ "$attempt" = 50 ] && kill -KILL "$pid" 2>/dev/null
            sleep 0.2
        done
    fi
    rm -f "$directory/server.pid"
}

answers() {
    "$directory/venv/bin/python" - "$1" 2>/dev/null <<'EOF'
import json, sys, urllib.request
request = urllib.request.Request(f'http://127.0.0.1:{sys.argv[1]}/rpc/',
    b'{"id":0,"method":"common.server.version","params":[]}', {'Content-Type': 'application/json'})
sys.exit(0 if json.load(urllib.request.urlopen(request, timeout=10))['result'].startswith('8.') else 1)
EOF
}

start_server() {
    local pid options=()
    if server_pid >/dev/null; then
        if [ "$(cat "$directory/server.port" 2>/dev/null)" = "$port" ] && answers "$port"; then return; fi
        stop_server
    fi
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then fail "port $port is taken"; fi
    [ "${TRYTON_VERBOSE:-}" = 1 ] && options=(-v)
    # A session of its own lets the server outlive the terminal or job that started it.
    setsid "$directory/venv/bin/trytond" -c "$directory/trytond.conf" -d "$database" "${options[@]}" \
        </dev/null >>"$directory/log/server.log" 2>&1 9>&- &
    pid=$!
    printf '%s' "$pid" >"$directory/server.pid"
    printf '%s' "$port" >"$directory/server.port"
    for _ in $(seq 200); do
        kill -0 "$pid" 2>/dev/null || fail "the server ended: see $directory/log/server.log"
        if answers "$port"; then return; fi
        sleep 0.2
    done
    fail "the server does not answer: see $directory/log/server.log"
}

print_environment() {
    {
        cat <<EOF
TRYTON_SERIES=8.2
TRYTON_DIR=$directory
TRYTON_PORT=$port
TRYTON_URL=http://127.0.0.1:$port
TRYTON_DB=$database
TRYTON_RPC=http://127.0.0.1:$port/$database/rpc/
TRYTON_REST=http://127.0.0.1:$port/$database/rest/
TRYTON_REST_KEY=$rest_key
TRYTON_USER=sync
TRYTON_PASSWORD=$sync_password
TRYTON_CLERK_USER=clerk
TRYTON_CLERK_PASSWORD=$clerk_password
TRYTON_ADMIN_USER=admin
TRYTON_ADMIN_PASSWORD=$admin_password
EOF
        cat "$directory/kept/ids"
    } | tee "$directory/env"
}

enter_directory() {
    directory=$(cd "$1" && pwd -P)
}

lock_directory() {
    exec 9>"$directory/lock"
    flock -w 1800 9 || fail "another run is busy in $directory"
}

bring_up() {
    [ $# = 2 ] || fail 'give a directory and a port'
    case $2 in '' | *[!0-9]*) fail "not a port: $2" ;; esac
    mkdir -p "$1"
    enter_directory "$1"
    port=$2
    mkdir -p "$directory"/{db,kept,log,www}
    lock_directory
    write_configuration
    ensure_venv
    if [ "$command" = reset ] && [ -e "$directory/kept/seeded.mark" ]; then
        stop_server
        restore_database seeded
    fi
    ensure_database
    start_server
    print_environment
}

main() {
    command=${1:-help}
    [ $# = 0 ] || shift
    case $command in
        start | reset) bring_up "$@" ;;
        stop)
            [ -d "${1:-}" ] || fail "no such directory: ${1:-}"
            enter_directory "$1"
            lock_directory
            stop_server
            ;;
        status)
            [ -d "${1:-}" ] || fail "no such directory: ${1:-}"
            enter_directory "$1"
            server_pid >/dev/null && answers "$(cat "$directory/server.port")" &&
                echo "answers on port $(cat "$directory/server.port")"
            ;;
        help | -h | --help) usage ;;
        *) usage >&2; exit 2 ;;
    esac
}

# On one line, so that bash has read the whole file before it acts on it.
main "$@"; exit
