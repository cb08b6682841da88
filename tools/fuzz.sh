#!/bin/sh
# Fuzzes for a given time: builds the targets of tests/fuzz with clang's sanitizers and runs them, one after
# the other. Installs what it lacks first. Wants Debian on amd64.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"

all_targets="ledger heap budget"

usage() {
  cat <<END
Usage: sh tools/fuzz.sh [--minutes N] [--seed N] [TARGET]...
       sh tools/fuzz.sh --print FILE TARGET

Runs each TARGET (of: $all_targets; all, unless named) for N minutes, 1 by default, beginning with
the inputs that earlier runs have left in build/fuzz/TARGET. What finds something is printed as
operations, and kept as build/fuzz/TARGET-crash-...; the exit code is 1 then.
--seed makes a run repeatable, as far as the inputs are the same.
--print runs one input, and prints each operation before it is done.
END
}

minutes=1
seed=
print=
targets=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --minutes | --seed)
      case ${2-} in
        '' | *[!0-9]* | 0) fail "$1 needs a number" ;;
      esac
      if [ "$1" = --seed ]; then seed=$2; else minutes=$2; fi
      shift 2
      ;;
    --print)
      [ -f "${2-}" ] || fail "--print needs a file"
      print=$(cd -- "$(dirname -- "$2")" && pwd -P)/${2##*/}
      shift 2
      ;;
    *)
      case " $all_targets " in
        *" $1 "*) targets="$targets $1" ;;
        *)
          usage >&2
          exit 2
          ;;
      esac
      shift
      ;;
  esac
done
if [ -n "$print" ]; then
  case $targets in
    ' '*' '* | '') fail "--print needs one target" ;;
  esac
fi
targets=${targets:-$all_targets}

# shellcheck disable=SC2317  # with_lock calls it
build_targets() {
  logged fuzz-configure cmake --preset native-asan -DBUILD_TESTING=ON || return 1
  # shellcheck disable=SC2046  # one word a target
  logged fuzz-build cmake --build --preset native-asan --target make_corpus \
    $(for target in $targets; do echo "fuzz_$target"; done)
}

# run_target TARGET
run_target() {
  corpus=$build/fuzz/$1
  mkdir -p "$corpus"
  "$build/native-asan/bin/make_corpus" "$1" "$corpus"
  say "Fuzzing $1 for $minutes min"
  # shellcheck disable=SC2046  # no word, or two
  $(steady_addresses) "$build/native-asan/bin/fuzz_$1" -max_total_time=$((minutes * 60)) \
    ${seed:+-seed="$seed"} -max_len=1024 -timeout=60 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$build/fuzz/$1-" "$corpus"
}

cd -- "$root"
# shellcheck disable=SC2046  # one word a package
need_packages cmake ninja-build $(sanitizer_packages)
with_lock build-native-asan build_targets

if [ -n "$print" ]; then
  # shellcheck disable=SC2046  # no word, or two
  HOSTMEM_FUZZ_PRINT=yes exec $(steady_addresses) "$build/native-asan/bin/fuzz_${targets# }" "$print"
fi

status=0
for target in $targets; do
  run_target "$target" || status=1
done
exit "$status"
