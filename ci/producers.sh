#!/usr/bin/env bash
# The mocked producers where tests cannot: seconds of the wall clock, and a million calls. Run from anywhere, in release.
#
# statement 41 of producers.md: edge-26900 succeeds and edge-27100 becomes a 504 status in the aggregate; edge-28900 succeeds and
#   edge-29100 gives VP009 directly through the hub.
# statement 50: after 10^6 calls counters are exact and memory is bounded; the oldest rows are gone.
# Beside them: calls that hang give their memory back when their peers close (49).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
calls=${CALLS:-1000000}
fail() { echo "ci/producers: $*" >&2; exit 1; }
for tool in curl awk sed python3; do command -v "$tool" >/dev/null || fail "$tool is not installed"; done
if [ -z "${ANSLUT:-}" ]; then
    cargo build --release --quiet
    ANSLUT=${CARGO_TARGET_DIR:-target}/release/anslut
fi
dir=$(mktemp -d)
started=()
# shellcheck disable=SC2329
finish() {
    for pid in "${started[@]:-}"; do [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT
cp -r fixtures/demo "$dir/env"
mkdir -p "$dir/env/producers/many/mappings"
printf '{"request": {"urlPath": "/x"}, "response": {"body": "<a/>"}}' >"$dir/env/producers/many/mappings/a.json"
printf 'answers = ["mapping"]\n' >"$dir/env/producers/many/producer.toml"
any() { echo "--set listen.$1=127.0.0.1:0"; }
# shellcheck disable=SC2046
"$ANSLUT" serve "$dir/env" --ephemeral --print-addresses --set log.messages=off --set producers.behaviour_header=x-anslut-behaviour \
    --set properties.vp.producer.retry.attempts=0 $(any hub_http) $(any index_update) $(any index_find) $(any producers) $(any admin) $(any aggregation) \
    $(any catalogue) --set listen.hub_https=off >"$dir/addresses" 2>"$dir/err" &
started+=($!); pid=$!
touch "$dir/addresses"
address() { sed -n "s/^$1=//p" "$dir/addresses"; }
for _ in $(seq 300); do [ -n "$(address admin)" ] && break; sleep 0.1; done
hub=$(address hub_http) admin=$(address admin) producers=$(address producers)
[ -n "$hub" ] && [ -n "$admin" ] && [ -n "$producers" ] || fail "no addresses: $(cat "$dir/addresses" "$dir/err")"
for _ in $(seq 300); do curl -fs "http://$admin/health/ready" >/dev/null && break; sleep 0.1; done
plan() { curl -fsS -X PUT "http://$admin/api/v1/chaos" -H 'content-type: application/json' -d "$1" >/dev/null; }
ask() { # receiver behaviour → a file with the status and the answer
    sed "s#<\([a-z]*\):LogicalAddress>[^<]*<#<\1:LogicalAddress>$1<#" fixtures/demo/requests/get-care-documentation-aggregated.xml |
        curl -sS -m 60 -o "$dir/answer.$2" -w '%{http_code}' -H 'content-type: text/xml' -H "x-anslut-behaviour: $2" --data-binary @- "http://$hub/vp" >"$dir/status.$2"
}
# statement 41. Four calls at once, each half a minute. The header reaches the producer through hub and aggregating service.
for edge in 26900 27100; do ask 5565594230 "edge-$edge" & waits[edge]=$!; done
for edge in 28900 29100; do ask SE2321000016-S001 "edge-$edge" & waits[edge]=$!; done
for edge in 26900 27100 28900 29100; do wait "${waits[edge]}" || fail "edge-$edge: curl failed"; done
expect() { grep -q "$2" "$dir/answer.$1" || fail "$1: no $2 in $(head -c 3000 "$dir/answer.$1")"; }
refuse() { ! grep -q "$2" "$dir/answer.$1" || fail "$1: $2 in the answer"; }
expect edge-26900 careDocumentationHeader; refuse edge-26900 '>504<'
expect edge-27100 '>504<'; refuse edge-27100 careDocumentationHeader
expect edge-28900 careDocumentationHeader
[ "$(cat "$dir/status.edge-29100")" = 500 ] || fail "edge-29100: status $(cat "$dir/status.edge-29100")"
expect edge-29100 VP009
echo "statement 41 holds: 26.9 s and 28.9 s are answered, 27.1 s is a 504 in the aggregate, 29.1 s is VP009"

# statement 50.
rss() { awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$pid/status"; }
counts() { curl -fsS "http://$admin/api/v1/producers" | python3 -c 'import json,sys; print(next(s["calls"] for s in json.load(sys.stdin)["systems"] if s["name"] == "many"))'; }
before=$(rss) made=$(counts)
# Two callers, a hundred calls at a time on each connection.
python3 - "$producers" "$calls" >"$dir/load" <<'PY' || fail "not every call was answered"
import os, socket, sys, time
(host, port), calls = sys.argv[1].split(":"), int(sys.argv[2])
body = b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><a/></e:Body></e:Envelope>"
one = b"POST /many/x HTTP/1.1\r\nhost: h\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n" % len(body) + body
def ask(count):
    connection = socket.create_connection((host, int(port)))
    while count:
        some = min(count, 100)
        connection.sendall(one * some)
        answered = b""
        while answered.count(b"</a>") + answered.count(b"<a/>") < some:
            part = connection.recv(1 << 16)
            if not part:
                sys.exit(1)
            answered += part
        if answered.count(b"HTTP/1.1 200") != some:
            sys.exit(1)
        count -= some
began, child = time.time(), os.fork()
ask(calls // 2 if child else calls - calls // 2)
if child:
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit(1)
    print("%d calls a second" % (calls / (time.time() - began)))
PY
after=$(rss) now=$(counts)
[ $((now - made)) = "$calls" ] || fail "$((now - made)) calls were counted, $calls were made"
journal=$(curl -fsS "http://$admin/__admin/requests?limit=1")
python3 - "$journal" "$calls" <<'PY' || fail "the journal is not as it should be: ${journal:0:600}"
import json, sys
told, calls = json.loads(sys.argv[1]), int(sys.argv[2])
counts = told["counts"]
assert counts["served"] >= calls, counts
assert counts["dropped"] > 0 and counts["served"] - counts["dropped"] == told["meta"]["total"], told
assert counts["bytes"] <= counts["bytes_max"], counts
PY
[ "$after" -le 256 ] || [ $((after - before)) -le 160 ] || fail "$before MB before, $after MB after $calls calls"
echo "statement 50 holds: $calls calls, counted exactly; $before MB before, $after MB after; $(cat "$dir/load")"

# 49: two thousand calls with a body each that hang, and go away. The first two thousand fill the journal, whose bound is in bytes,
# with large rows where small ones were; what the next two thousand leave behind is what is not given back.
hang_and_leave() {
    python3 - "$producers" <<'PY'
import socket, sys, time
host, port = sys.argv[1].split(":")
body = b"<a>" + b"x" * 100_000 + b"</a>"
head = b"POST /many/x HTTP/1.1\r\nhost: h\r\nx-anslut-behaviour: hang\r\ncontent-length: %d\r\n\r\n" % len(body) + body
for _ in range(10):
    open_ = []
    for _ in range(200):
        one = socket.create_connection((host, int(port)))
        one.sendall(head)
        open_.append(one)
    time.sleep(0.2)
    for one in open_:
        one.close()
time.sleep(1)
PY
}
hang_and_leave
before=$(rss)
hang_and_leave
after=$(rss)
[ "$after" -le 300 ] || fail "$after MB after calls that hung"
[ $((after - before)) -le 40 ] || fail "$before MB before, $after MB after calls that hung"
echo "calls that hang give back what they had: $before MB before, $after MB after two thousand with 100 kB each"

# §8: a plan that runs when the platform ends is told as a command that shows it again.
plan '{"plan": "flaky-5pct", "seed": 7}'
kill -TERM "$pid"
wait "$pid" || fail "SIGTERM did not end the platform in good order"
repeat=$(grep -o 'anslut producers chaos flaky-5pct --seed 7 --digest [0-9a-f]*' "$dir/err") || fail "no command to repeat the plan: $(tail -n 3 "$dir/err")"
"$ANSLUT" ${repeat#anslut } --explain 1 >/dev/null || fail "$repeat: exit $?"
echo "a plan that ran is repeated by: $repeat"
