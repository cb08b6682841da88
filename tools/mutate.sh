#!/bin/sh
# Do the tests find bugs? Plants the bugs ("mutations") of tests/mutations/*.txt in a copy of the sources,
# one at a time, and runs the native tests that must fail then. Installs what it lacks first. Wants Debian
# on amd64.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"

usage() {
  cat <<'END'
Usage: sh tools/mutate.sh [WORD]
       sh tools/mutate.sh --check

Plants each bug of tests/mutations/*.txt (with WORD: those in whose name or file it stands) in a copy of
the sources under build/mutants, and runs the tests named with it: one must fail. Prints a line for each,
and a total; fails if a bug stays unseen, or cannot be planted or built.
A bug is stale when its old text does not stand exactly once in its file: it is named and passed over.
--check only names the stale ones, and fails if there are any. An edit of a quoted line makes one stale; the
test command does not look at that.

A list's entry, the texts without the last end of line:

mutation: what is wrong then
file: src/...
test: TEST...
old:
...
new:
...
end
END
}

plant=$root/tests/mutations/plant.awk

# read_lists ARGUMENT-OF-AWK...
read_lists() {
  awk -v root="$root" "$@" -f "$plant" "$root"/tests/mutations/*.txt
}

# planted NAME: the file with that bug, to the output.
planted() {
  read_lists -v wanted="$1"
}

# mutations WORD: one line each, name|file|tests, of those that can be planted. The stale ones of all lists
# are named on standard error, and counted.
mutations() {
  stale_list=$build/mutants/stale.txt
  mkdir -p "$build/mutants"
  list=$(read_lists 2>"$stale_list") || :
  sed 's/^/stale: /' "$stale_list" >&2
  printf '%s\n' "$list" | awk -F '|' -v word="$1" '$1 != "" && (index($1, word) || index($2, word))'
}

# How many stale mutations mutations() met.
stale_count() {
  wc -l <"$build/mutants/stale.txt" | tr -d ' '
}

# ---------------------------------------------------------------------------
# The copy
# ---------------------------------------------------------------------------

copy=$build/mutants/tree

# A list of the copy's files that have ever had a bug: their objects may be older than their text is now.
changed=$build/mutants/changed

# Times are kept, so that only what has changed is built again; what any run has had a bug in counts as
# changed.
make_copy() {
  mkdir -p "$copy"
  touch "$changed"
  for part in CMakeLists.txt CMakePresets.json cmake include src tests; do
    rm -rf "${copy:?}/$part"
    cp -Rp "$root/$part" "$copy/" || return 1
  done
  while read -r file; do
    [ ! -f "$copy/$file" ] || touch "$copy/$file"
  done <"$changed"
  # A planted bug may keep a test from ending.
  sed -i 's/TIMEOUT 300/TIMEOUT 100/' "$copy"/tests/os_posix/CMakeLists.txt
  # A planted bug may also leave a variable or function unused.
  cmake -S "$copy" -B "$copy/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_C_FLAGS=-O1 -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF -DBUILD_TESTING=ON
}

# build_tests TEST...
build_tests() {
  cmake --build "$copy/build" --target "$@"
}

run_test() {
  ctest --test-dir "$copy/build" --no-tests=error -R "^$1\$"
}

# Without a bug the tests must pass.
check_unchanged() {
  logged mutants-build build_tests "$@" || return 1
  for test; do
    logged "mutants-$test" run_test "$test" || fail "$test fails without any planted bug"
  done
}

# ---------------------------------------------------------------------------
# One mutation
# ---------------------------------------------------------------------------

# find_bug TEST...: sets verdict and found_by.
find_bug() {
  found_by=-
  verdict=survived
  if ! build_tests "$@" >"$build/log/mutant.log" 2>&1 </dev/null; then
    verdict=unbuilt
    return
  fi
  for test; do
    if ! run_test "$test" >"$build/log/mutant.log" 2>&1 </dev/null; then
      verdict=found
      found_by=$test
      return
    fi
  done
}

# mutate NAME FILE TESTS: adds a line to the results.
mutate() {
  started=$(date +%s)
  grep -qxF "$2" "$changed" || echo "$2" >>"$changed"
  planted "$1" >"$copy/$2"
  # shellcheck disable=SC2086  # one word a test
  find_bug $3
  cp "$root/$2" "$copy/$2"
  printf '%-9s %3d s  %-22s %s (%s)\n' "$verdict" $(($(date +%s) - started)) "$found_by" "$1" "$2" |
    tee -a "$results"
}

mutate_all() {
  results=$build/mutants/results.txt
  mkdir -p "$build/mutants" "$build/log"
  : >"$results"
  selected=$build/mutants/selected.txt
  mutations "$1" >"$selected"
  [ -s "$selected" ] || fail "no mutation has that in its name or file: $1"
  logged mutants-copy make_copy || exit 1
  # shellcheck disable=SC2046  # one word a test
  check_unchanged $(cut -d '|' -f 3 "$selected" | tr ' ' '\n' | sort -u) || exit 1
  while IFS='|' read -r name file tests; do
    mutate "$name" "$file" "$tests"
  done <"$selected"
  awk -v stale="$(stale_count)" '{ count[$1]++ }
    END {
      printf "%d planted bugs were found, %d survived, %d could not be built; %d of the lists are stale\n",
        count["found"], count["survived"], count["unbuilt"], stale
      exit count["found"] != NR || stale > 0
    }' "$results"
}

case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
  --check)
    count=$(mutations '' | wc -l)
    stale=$(stale_count)
    echo "$count mutations can be planted, $stale are stale"
    [ "$stale" -eq 0 ]
    exit
    ;;
  -*)
    usage >&2
    exit 2
    ;;
esac
[ $# -le 1 ] || {
  usage >&2
  exit 2
}

cd -- "$root"
need_packages cmake ninja-build gcc libc6-dev libcmocka-dev
# shellcheck disable=SC3045  # both dash and bash know it: bugs that crash leave no image
ulimit -c 0
with_lock mutants mutate_all "${1-}"
