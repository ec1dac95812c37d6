#!/usr/bin/env bash
# The real binary, killed at random moments while senders update the index, and started again: every acknowledged
# engagement must be found, single rows waiting in the collect window included, and no update by half.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
rounds=${1:-6}
senders=6
RANDOM=${SEED:-$$}
seed=$RANDOM; RANDOM=$seed
anslut=${CARGO_TARGET_DIR:-target}/release/anslut
[ -x "$anslut" ] || cargo build --release --quiet
work=$(mktemp -d)
platform="" workers=()
clean_up() {
    [ ${#workers[@]} -eq 0 ] || kill "${workers[@]}" 2>/dev/null || true
    [ -z "$platform" ] || kill -KILL "$platform" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
fail() { printf 'index-crash (SEED=%s): %s\n' "$seed" "$*" >&2; tail -n 20 "$work"/err.log >&2 || true; exit 1; }

start() {
    : >"$work/out.log"
    "$anslut" serve demo --data "$work/data" --print-addresses --set log.messages=off \
        --set listen.hub_http=127.0.0.1:0 --set listen.hub_https=off --set listen.index_update=127.0.0.1:0 --set listen.index_find=off --set listen.catalogue=off --set listen.aggregation=off \
        --set listen.producers=off --set listen.admin=off --set properties.update.collect.threshold=1 \
        --set properties.collect.queue.completion.timeout=1 >"$work/out.log" 2>>"$work/err.log" &
    platform=$!
    for _ in $(seq 1 200); do
        url=$(sed -n 's|^index_update=|http://|p' "$work/out.log")
        [ -z "$url" ] || return 0
        kill -0 "$platform" 2>/dev/null || fail "the platform did not start"
        sleep 0.05
    done
    fail "the platform was not ready in ten seconds"
}

transaction() {
    printf '<r:engagementTransaction><c:deleteFlag>false</c:deleteFlag><c:engagement><c:registeredResidentIdentification>191212121212</c:registeredResidentIdentification><c:serviceDomain>riv:crash</c:serviceDomain><c:categorization>x</c:categorization><c:logicalAddress>SE1</c:logicalAddress><c:businessObjectInstanceIdentifier>%s</c:businessObjectInstanceIdentifier><c:clinicalProcessInterestId>NA</c:clinicalProcessInterestId><c:sourceSystem>SE1</c:sourceSystem><c:dataController>1</c:dataController></c:engagement></r:engagementTransaction>' "$1"
}

# Sends updates of one row and of two by turns; a key is written down only when its update has been acknowledged.
sender() {
    local round=$1 number=$2 count=0 key rows answer
    while :; do
        count=$((count + 1)); key="k-$round-$number-$count"
        if [ $((count % 2)) -eq 0 ]; then rows="$key"; else rows="$key-a $key-b"; fi
        answer=$(curl -sS -m 10 "$url/skltp-ei/update-service/v1" -H 'Content-Type: text/xml' \
            -H "x-skltp-correlation-id: $key" --data-binary @- 2>/dev/null <<XML
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:riv:itintegration:engagementindex:1" xmlns:r="urn:riv:itintegration:engagementindex:UpdateResponder:1"><e:Header><a:LogicalAddress xmlns:a="urn:riv:itintegration:registry:1">5565594230</a:LogicalAddress></e:Header><e:Body><r:Update>$(for row in $rows; do transaction "$row"; done)</r:Update></e:Body></e:Envelope>
XML
        ) || return 0
        case $answer in
            *'<ns2:ResultCode>OK</ns2:ResultCode>'*) printf '%s\n' $rows >>"$work/acknowledged.$number" ;;
            *) printf '%s\n' "$answer" >>"$work/refused" ;;
        esac
    done
}

verify() {
    # The collect window of one second, and what was in it, is over by then.
    sleep 1.5
    "$anslut" index find 191212121212 --service-domain riv:crash --url "$url" \
        | sed 's/.*"businessObjectInstanceIdentifier":"\([^"]*\)".*/\1/' | sort >"$work/found"
    sort "$work"/acknowledged.* >"$work/acknowledged"
    lost=$(comm -23 "$work/acknowledged" "$work/found" | wc -l)
    [ "$lost" -eq 0 ] || fail "$lost acknowledged engagements are lost: $(comm -23 "$work/acknowledged" "$work/found" | head -n 3 | tr '\n' ' ')"
    halves=$(sed -n 's/-[ab]$//p' "$work/found" | uniq -c | awk '$1 != 2' | wc -l)
    [ "$halves" -eq 0 ] || fail "$halves updates are there by half"
    [ ! -s "$work/refused" ] || fail "refused: $(head -n 1 "$work/refused")"
    [ -z "$(uniq -d "$work/found")" ] || fail "engagements are there twice"
}

start
for round in $(seq 1 "$rounds"); do
    workers=()
    for number in $(seq 1 $senders); do sender "$round" "$number" & workers+=($!); done
    sleep "$((RANDOM % 2)).$((RANDOM % 90 + 10))"
    kill -KILL "$platform"
    wait "$platform" 2>/dev/null || true
    wait "${workers[@]}" 2>/dev/null || true
    workers=()
    start
    verify
done
kill -TERM "$platform"
wait "$platform" || fail "SIGTERM did not end the platform in good order"
platform=""
printf 'index-crash (SEED=%s): killed %s times, %s acknowledged engagements, all found\n' \
    "$seed" "$rounds" "$(wc -l <"$work/acknowledged")"
