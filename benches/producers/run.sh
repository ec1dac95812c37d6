#!/usr/bin/env bash
# Ten thousand mappings on our producers' listener and on WireMock, the same files in one run: `benches/producers/run.sh`.
# Needs java and npm: the npm package `wiremock` carries the standalone jar, and is fetched into a temporary folder. WIREMOCK
# names a jar to use instead, or "none"; ANSLUT and LOAD name binaries to use instead of fresh builds. MAPPINGS, RATE,
# SECONDS_EACH, ROUNDS and WAITING can be set. Rounds alternate; the median round of each is printed, and their ratio.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
mappings=${MAPPINGS:-10000} rate=${RATE:-5000} seconds=${SECONDS_EACH:-8} rounds=${ROUNDS:-3} waiting=${WAITING:-10000}
fail() { echo "benches/producers: $*" >&2; exit 1; }
if [ -z "${ANSLUT:-}" ]; then
    cargo build --release --quiet --manifest-path "$root/Cargo.toml"
    ANSLUT=${CARGO_TARGET_DIR:-$root/target}/release/anslut
fi
if [ -z "${LOAD:-}" ]; then
    LOAD=$(cargo bench --quiet --no-run --message-format=json --bench producers_load --manifest-path "$root/Cargo.toml" |
        grep '"name":"producers_load"' | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
fi
[ -x "$LOAD" ] || fail "no load at $LOAD"
ulimit -n 20000 2>/dev/null || fail "needs 20 000 open files"
dir=$(mktemp -d)
# shellcheck source=benches/common.sh
source "$here/../common.sh"
up() { for _ in $(seq 600); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; fail "nothing on $1"; }
rss() { awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$1/status"; }
"$LOAD" write "$dir/env/producers/many/mappings" "$mappings"
printf 'answers = ["mapping"]\n' >"$dir/env/producers/many/producer.toml"
mkdir -p "$dir/env/producers/late/mappings"
printf '{"request": {}, "response": {"body": "<a/>", "fixedDelayMilliseconds": 29000}}' >"$dir/env/producers/late/mappings/a.json"
ours=$(free_port)
off=(); for name in hub_http hub_https index_update index_find catalogue aggregation admin; do off+=(--set "listen.$name=off"); done
"$ANSLUT" serve "$dir/env" --ephemeral "${off[@]}" --set "listen.producers=127.0.0.1:$ours" --set log.messages=off --print-addresses >"$dir/ours.log" 2>&1 &
started+=($!); ours_pid=$!
up "$ours"
jar=${WIREMOCK:-}
if [ -z "$jar" ]; then
    (cd "$dir" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund wiremock >/dev/null) || fail "npm has no package wiremock for us"
    jar=$(find "$dir/node_modules" -name '*wiremock*.jar' | head -1)
fi
theirs=
if [ "$jar" != none ]; then
    [ -f "$jar" ] || fail "no jar in the package"
    mkdir -p "$dir/wiremock" && cp -r "$dir/env/producers/many/mappings" "$dir/wiremock/mappings"
    theirs=$(free_port)
    # Bounded as ours is, by rows here; without a bound its journal holds every request.
    java -Xmx1g -jar "$jar" --port "$theirs" --bind-address 127.0.0.1 --root-dir "$dir/wiremock" --max-request-journal-entries 10000 --disable-banner --container-threads 64 >"$dir/wiremock.log" 2>&1 &
    started+=($!); theirs_pid=$!
    up "$theirs"
fi
field() { sed -n "s/.* $1=\([0-9]*\).*/\1/p"; }
median() { sort -n | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
# Both are warm before anything is counted.
"$LOAD" most "127.0.0.1:$ours" /many "$mappings" 0 3 16 >/dev/null
[ -z "$theirs" ] || "$LOAD" most "127.0.0.1:$theirs" "" "$mappings" 0 20 16 >/dev/null
for mode in rate most; do
    for round in $(seq "$rounds"); do
        "$LOAD" $mode "127.0.0.1:$ours" /many "$mappings" "$rate" "$seconds" 64 | sed "s/^/anslut   $mode $round: /" | tee -a "$dir/$mode.ours"
        [ -z "$theirs" ] || "$LOAD" $mode "127.0.0.1:$theirs" "" "$mappings" "$rate" "$seconds" 64 | sed "s/^/wiremock $mode $round: /" | tee -a "$dir/$mode.theirs"
    done
done
for mode in rate most; do
    for what in per_second p50_us p99_us; do
        one=$(field $what <"$dir/$mode.ours" | median)
        if [ -n "$theirs" ]; then
            other=$(field $what <"$dir/$mode.theirs" | median)
            awk -v m=$mode -v w=$what -v a="$one" -v b="$other" 'BEGIN {printf "%s %s: anslut %d, wiremock %d, ratio %.1f\n", m, w, a, b, (w == "per_second") ? a / b : b / a}'
        else
            echo "$mode $what: anslut $one"
        fi
    done
done
echo "memory: anslut $(rss "$ours_pid") MB${theirs:+, wiremock $(rss "$theirs_pid") MB}"
before=$(rss "$ours_pid")
"$LOAD" wait "127.0.0.1:$ours" /late/x "$waiting" >"$dir/wait.log" &
waiter=$!
until grep -q sent "$dir/wait.log" 2>/dev/null; do sleep 0.2; done
sleep 3
during=$(rss "$ours_pid")
wait "$waiter"
echo "$waiting calls waiting 29 s: $before MB before, $during MB while they wait, $((during - before)) MB for them; $(tail -1 "$dir/wait.log")"
