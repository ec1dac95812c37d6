#!/usr/bin/env bash
# A short run of every fuzz target: `ci/fuzz.sh [target…]`. SECONDS_EACH (25) and JOBS (number of processors) can be set.
#
# Nothing needs to be installed but a C++ compiler for libFuzzer: the instrumentation is had from the stable compiler by
# the flags that `cargo fuzz run --sanitizer none` uses. What is asked of any input stands in `fuzz/checks/`; an input that
# breaks it is left in `fuzz/artifacts/<target>/`, belongs into `fuzz/regressions/<target>/` once understood, and is
# tried by `cargo test` from then on. A run that did not fuzz is a failure, not a success: the canary must be found, and
# every target must have been instrumented, run, and reached more than its first input.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { printf 'fuzz: %s\n' "$*" >&2; exit 1; }

known=$(sed -n 's/^name = "\([a-z]*\)"$/\1/p' fuzz/Cargo.toml | grep -v canary)
targets=${*:-$known}
seconds=${SECONDS_EACH:-25} jobs=${JOBS:-$(nproc)}
host=$(rustc -vV | sed -n 's/^host: //p')
case $host in *-linux-gnu) ;; *) fail "the instrumentation is only tried on Linux, not on $host" ;; esac
command -v c++ >/dev/null || fail "no C++ compiler (c++), which libFuzzer is built with"
built=${CARGO_TARGET_DIR:-$PWD/fuzz/target}/$host/release

flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
RUSTFLAGS="$flags -Cdebug-assertions" cargo build --release --quiet --locked --manifest-path fuzz/Cargo.toml \
    --target "$host" ${CARGO_TARGET_DIR:+--target-dir "$CARGO_TARGET_DIR"} || fail "the targets do not build"

work=$(mktemp -d)
workers=()
clean_up() {
    [ ${#workers[@]} -eq 0 ] || kill "${workers[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT

# The canary: an input that only guidance finds.
if "$built/canary" -seed=1 -max_total_time=60 -artifact_prefix="$work/" >"$work/canary.log" 2>&1; then
    fail "the canary was not found in 60 s: the targets are built without guidance"
fi
grep -q 'the canary is found' "$work/canary.log" || { tail -n 20 "$work/canary.log" >&2; fail "the canary could not run"; }

run() {
    local target=$1 corpus=fuzz/corpus/$1 artifacts=fuzz/artifacts/$1
    mkdir -p "$corpus" "$artifacts" "fuzz/regressions/$target"
    SEEDS=$corpus DICTIONARY=$work/$target.dict "$built/$target" -runs=0 "$corpus" >"$work/$target.log" 2>&1 || return 1
    "$built/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=512 -max_len=32768 \
        -dict="$work/$target.dict" -artifact_prefix="$artifacts/" -print_final_stats=1 \
        "$corpus" "fuzz/regressions/$target" >"$work/$target.log" 2>&1
}

judge() {
    local target=$1 ended=$2 log=$work/$1.log count covered
    if [ "$ended" != 0 ]; then
        grep -vE '^#[0-9]+|^INFO' "$log" | tail -n 40 >&2
        printf 'fuzz: %s breaks a promise, or could not run; see above\n' "$target" >&2
        return 1
    fi
    count=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
    covered=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    if [ "${count:-0}" -lt 100 ] || [ "${covered:-0}" -lt 100 ] || ! grep -q 'inline 8-bit counters' "$log"; then
        tail -n 20 "$log" >&2
        printf 'fuzz: %s did not fuzz: %s runs, %s places reached\n' "$target" "${count:-no}" "${covered:-no}" >&2
        return 1
    fi
    printf 'fuzz: %-9s %8s runs in %s s, %s places reached\n' "$target" "$count" "$seconds" "$covered"
}

failed=0
# So many at a time; each one's end is looked at.
set -- $targets
while [ $# -gt 0 ]; do
    batch=() workers=()
    while [ $# -gt 0 ] && [ ${#batch[@]} -lt "$jobs" ]; do
        [ -x "$built/$1" ] || fail "no target is named $1; there are: $(echo $known)"
        run "$1" & workers+=($!) batch+=("$1"); shift
    done
    for at in "${!batch[@]}"; do
        ended=0; wait "${workers[$at]}" || ended=$?
        judge "${batch[$at]}" "$ended" || failed=1
    done
    workers=()
done
[ "$failed" = 0 ] || fail "an input breaks what must hold of any; see fuzz/artifacts/"
