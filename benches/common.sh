# shellcheck shell=bash
# What every bench script needs: read with `source` when $dir is a folder made for the run, which is removed at its end. Processes
# whose number is put into `started` are ended first.
started=()
# shellcheck disable=SC2329
finish() {
  for pid in "${started[@]:-}"; do [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

# A port that nobody listens on now.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}
