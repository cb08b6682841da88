#!/bin/sh
# How programs fare within a limit, by the form in which the collector is told of it: a table of hostmem-run
# as it is (told), with --pressure off (not told), and of the runtime without hostmem with the same hard limit
# (alone). tools/test.sh, or its x64 part, has built what it runs.
#
# Usage: limits.sh [--limit MIB] [--works "churn cache catch list threads latency"] [--times N] RUNTIME...
#   RUNTIME is a directory of build/runtimes, such as 10.0.15-x64.
#
# Each line: exit code (0: all right; 124: it hung, and was ended after a minute), requests refused, collections
# of generations 0/1/2, MiB committed at the peak (hostmem's books), seconds. Without hostmem nobody counts the
# peak.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"

limit=64
works="churn cache catch list threads latency"
times=1
while [ $# -gt 0 ]; do
  case $1 in
    --limit) limit=$2 ;;
    --works) works=$2 ;;
    --times) times=$2 ;;
    *) break ;;
  esac
  shift 2
done
[ $# -gt 0 ] || fail "Usage: limits.sh [--limit MIB] [--works WORKS] [--times N] RUNTIME..."

program=$build/x64/bin/clr/Limits.exe
run=$build/x64/bin/hostmem-run.exe
[ -f "$program" ] || fail "There is no $program: tools/test.sh builds it."
wine_begin
wine_keep x64
mkdir -p "$build/tmp"
errors=$build/tmp/limits.$$

# arguments WORK: as tests/watch/test_watch_limits.c has them.
arguments() {
  case $1 in
    churn) echo churn $((limit * 5 / 8)) 6000 ;;
    cache) echo cache $((limit / 2)) 10000 ;;
    list) echo list $((limit * 9 / 16)) ;;
    catch) echo catch $((limit * 5 / 4)) ;;
    threads) echo threads $((limit * 3 / 2)) ;;
    latency) echo latency 64 ;;
    *) fail "There is no work $1." ;;
  esac
}

# of PATTERN: the first number that the pattern's group finds in what was written on stderr.
of() {
  sed -n "s/$1/\\1/p" "$errors" | tr -d '\r,' | head -n 1
}

# one NAME COMMAND...: runs it and prints a line of the table.
one() {
  name=$1
  shift
  begin=$(date +%s.%N)
  code=0
  LIMITS_FACTS=1 timeout -k 5 60 sh "$root/tools/wine-x64.sh" "$@" >/dev/null 2>"$errors" </dev/null || code=$?
  end=$(date +%s.%N)
  printf '%-12s %-8s %-9s %4s %8s %14s %8s %7.1f\n' "$runtime" "$work" "$name" "$code" \
    "$(of '^  refused, task-critical *\([0-9,]*\).*')" "$(of '^facts: collections \([0-9 ]*[0-9]\).*' | tr ' ' /)" \
    "$(of '^  committed .*  *\([0-9.]*\) MiB  *([0-9,]*)[^0-9]*$')" "$(echo "$end $begin" | awk '{ print $1 - $2 }')"
}

printf '%-12s %-8s %-9s %4s %8s %14s %8s %7s\n' runtime work told code refused collections peak s
for runtime; do
  directory=$build/runtimes/$runtime
  [ -d "$directory" ] || fail "There is no $directory."
  for work in $works; do
    # shellcheck disable=SC2046  # one word an argument
    for _ in $(seq "$times"); do
      one told "$run" --limit "${limit}M" --runtime "$directory" "$program" $(arguments "$work")
      one no "$run" --limit "${limit}M" --pressure off --runtime "$directory" "$program" $(arguments "$work")
      # What hostmem tells of a limit: collector.c; the reserve is a sixteenth.
      hard=$(((limit - limit / 16) * 1024 * 1024))
      hard=$(printf %x $((hard - 3 * 1024 * 1024 - hard / 64)))
      COMPlus_GCHeapHardLimit=$hard COMPlus_GCRegionSize=100000 \
        one alone "$directory/dotnet.exe" "$program" $(arguments "$work")
    done
  done
done
rm -f "$errors"
