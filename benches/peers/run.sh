#!/usr/bin/env bash
# The index beside SQLite, PostgreSQL and Redis with the same rows, on loopback, in one run: `benches/peers/run.sh`.
# Needs PostgreSQL (initdb, postgres, psql) and redis-server; what is not installed is left out, and said so.
#
# Servers run on ports and in folders of their own, and end with the script. RESIDENTS (24 engagements each), ROUNDS,
# MILLISECONDS_EACH and CONNECTIONS ("8 64 256") can be set; PEERS names a binary that is already built.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${PEERS:-}" ]; then
  cargo build --release --quiet --manifest-path "$here/Cargo.toml"
  PEERS=${CARGO_TARGET_DIR:-$here/target}/release/anslut-peers
fi

dir=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
chmod 755 "$dir"
# shellcheck source=benches/common.sh
source "$here/../common.sh"

# PostgreSQL refuses to run as root.
unprivileged() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

bin=$(find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo /none/initdb)")
if [ -x "$bin/initdb" ]; then
  PG_PORT=$(free_port)
  mkdir "$dir/pg"
  [ "$(id -u)" != 0 ] || chown postgres "$dir/pg"
  (cd "$dir/pg" && unprivileged "$bin/initdb" --auth trust --username postgres --locale C --encoding UTF8 -D "$dir/pg/data") >/dev/null
  # All of it in its own memory.
  (cd "$dir/pg" && exec $([ "$(id -u)" = 0 ] && echo "runuser -u postgres --") "$bin/postgres" -D "$dir/pg/data" -p "$PG_PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories="$dir/pg" -c shared_buffers=1GB -c max_wal_size=4GB -c max_connections=600) >"$dir/pg.log" 2>&1 &
  started+=($!)
  for _ in $(seq 100); do psql -h 127.0.0.1 -p "$PG_PORT" -U postgres -qc 'select 1' postgres >/dev/null 2>&1 && break; sleep 0.1; done
  export PG_PORT
else
  echo "benches/peers: PostgreSQL is not installed, left out" >&2
fi
if command -v redis-server >/dev/null; then
  REDIS_PORT=$(free_port)
  redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no --dir "$dir" >"$dir/redis.log" 2>&1 &
  started+=($!)
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$REDIS_PORT") 2>/dev/null && break; sleep 0.1; done
  export REDIS_PORT
else
  echo "benches/peers: redis-server is not installed, left out" >&2
fi
FOLDER=$dir "$PEERS"
