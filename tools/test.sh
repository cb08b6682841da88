#!/bin/sh
# All tests: configures, builds and tests every preset, after installing what they lack. Wants Debian
# on amd64. It ends with how long each preset took, each preset's totals, and, as its last line, the sum
# over the presets: N passed, N failed, N skipped.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"
. "$(dirname -- "$0")/lib-dotnet.sh"

all_presets="x64 x86 native native-asan native-tsan native-coverage x64-coverage"

usage() {
  cat <<END
Usage: sh tools/test.sh [--long] [--only PRESET]... [--wine 10]

Builds and tests the presets of CMakePresets.json: $all_presets.
What is missing is installed (Debian packages) or put under build/ (the rest). Fails if any test does, or
if the tests reach less of src/ than they should (native-coverage for the core, x64-coverage for the rest).

  --only PRESET  this preset and no other; may be repeated
  --long         the long form of each test: more seeds, sizes, calls and orders, further runtimes, larger
                 models, all states that clang's analyzer is ready to look at. It takes hours. Without it
                 each test runs in its short form: some 20 minutes on two cores, building included.
  --wine 10      x64 alone, and of its tests those that run programs, under another implementation of Win32:
                 Wine 10, from Debian 13's packages, which are unpacked below build/ (745 MB). The default
                 is the Wine that is installed, Debian 12's Wine 8; continuous integration runs no other.
  --help         this text

Where the kernel runs no 32-bit programs, x86 is checked as far as that takes none: without --long only
what ships is built, and none of its tests.
END
}

# The least percentage of lines, and of branches, that must run.
least_lines=95
least_branches_core=90
least_branches_PE=85

# ---------------------------------------------------------------------------
# What the presets need
# ---------------------------------------------------------------------------

packages_of() {
  echo cmake ninja-build clang-format clang-tidy cppcheck
  case $1 in
    x64-coverage)
      packages_of x64
      echo gcovr
      ;;
    x64-wine10) packages_of x64 ;;
    x64)
      echo g++-mingw-w64-x86-64 wine64 mono-mcs python3 xz-utils "$(runtime_packages 2.0.0-x64 2.2.2-x64 3.1.2-x64)"
      program_packages azmcp node node-api-dotnet
      ;;
    x86) echo g++-mingw-w64-i686 mono-mcs xz-utils "$(runtime_packages 2.1.8-x86)" ;;
    native) echo gcc g++ libc6-dev libcmocka-dev spin valgrind ;;
    native-coverage) echo gcc g++ libc6-dev libcmocka-dev gcovr ;;
    native-*) sanitizer_packages ;;
  esac
}

# provide_modern ARCHITECTURE: runtimes and programs of today. Sets modern_reason if some are missing: the
# tests that need them are skipped, and say so.
provide_modern() {
  { need_modern_runtimes "$1" && need_modern_programs "$1"; } ||
    modern_reason="there is no .NET SDK on PATH, or a package could not be had"
}

# Programs of others, for x64.
provide_programs() {
  for program in azmcp node node-api-dotnet; do
    need_program "$program" || modern_reason="the package of $program could not be had"
  done
}

# Sets x86_reason if programs of x86 cannot run here.
provide_all() {
  [ "$wine" != 10 ] || need_wine10
  # shellcheck disable=SC2046  # one word a package
  need_packages $(for preset in $presets; do packages_of "$preset"; done | tr ' ' '\n' | sort -u)
  for preset in $presets; do
    case $preset in
      x64* | x86)
        need_source_library cmocka "${preset%%-*}"
        need_source_library jansson "${preset%%-*}"
        ;;
    esac
    case $preset in
      x64*)
        need_runtime 2.0.0-x64
        need_runtime 3.1.2-x64 || say "Going on without it: the tests that need it are skipped."
        need_runtime 2.2.2-x64 || say "Going on without it: the tests that need it are skipped."
        [ -n "$has_modern" ] || { provide_modern x64 && provide_programs; }
        has_modern=yes
        ;;
      x86)
        need_runtime 2.1.8-x86
        x86_reason=$(need_wine32) || :
        [ -n "$x86_reason" ] || provide_modern x86
        ;;
    esac
  done
}

# ---------------------------------------------------------------------------
# One preset
# ---------------------------------------------------------------------------

# build_preset PRESET [TARGET...]: without targets, all of it.
build_preset() {
  logged "$1-configure" cmake --preset "$1" -DBUILD_TESTING=ON -DHOSTMEM_LONG_TESTS="$long" || return 1
  preset=$1
  shift
  logged "$preset-build" cmake --build --preset "$preset" ${1:+--target "$@"}
}

# build_preset_of_tests PRESET: all that its tests run. The preset x64-coverage builds only what counts; its
# other programs and modules are those of x64. x64-wine10 is x64 under another Wine.
build_preset_of_tests() {
  case $1 in
    x64-coverage)
      with_lock build-x64 build_preset x64 && build_preset x64-coverage hostmem_counted && link_uncounted
      ;;
    x64-wine10) with_lock build-x64 build_preset x64 ;;
    *) build_preset "$1" ;;
  esac
}

# A program that is a link finds hostmem.dll and what else it needs beside the link.
link_uncounted() {
  (cd "$build/x64" && find bin -type f) | while read -r file; do
    counted=$build/x64-coverage/$file
    [ -f "$counted" ] || { mkdir -p "${counted%/*}" && ln -sf "$build/x64/$file" "$counted"; } || return 1
  done
}

# run_preset PRESET: adds a line, "PRESET PASSED FAILED SKIPPED", to the results, and one to the times.
run_preset() {
  started=$(date +%s)
  tests_started=$started
  say "Building $1"
  if [ "$1" = x86 ] && [ -n "$x86_reason" ]; then
    run_x86_checks
  elif with_lock "build-$1" build_preset_of_tests "$1"; then
    tests_started=$(date +%s)
    run_tests "$1"
  else
    tests_started=$(date +%s)
    record "$1" 0 1 0
  fi
  echo "$1 $((tests_started - started)) $(($(date +%s) - tests_started))" >>"$times"
}

# Where x86 programs cannot run, only the checks of the shipped files can, since they read files. The other
# tests are skipped.
run_x86_checks() {
  # shellcheck disable=SC2086  # one word a target
  if ! with_lock build-x86 build_preset x86 $x86_targets; then
    tests_started=$(date +%s)
    record x86 0 1 0
    return
  fi
  tests_started=$(date +%s)
  all=$(ctest --preset x86 -N | sed -n 's/^Total Tests: //p')
  junit=$build/x86/tests.xml
  rm -f "$junit"
  status=0
  ctest --preset x86 -R '^check_' --output-junit "$junit" || status=$?
  read_junit x86 "$status" "$junit"
  record x86 0 0 $((all - $(ctest --preset x86 -R '^check_' -N | sed -n 's/^Total Tests: //p')))
}

run_tests() {
  case $1 in
    x64* | x86) (wine_keep "${1%%-*}") ;;
  esac
  case $1 in
    *-coverage) find "$build/$1" -name '*.gcda' -delete ;;
  esac
  junit=$build/$1/tests.xml
  mkdir -p "${junit%/*}"
  rm -f "$junit"
  status=0
  steady=
  case $1 in
    native-asan | native-tsan) steady=$(steady_addresses) ;;
  esac
  $steady ctest --preset "$1" --output-junit "$junit" || status=$?
  read_junit "$1" "$status" "$junit"
  case $1 in
    native-coverage) tell_coverage "$1" core gcov "$least_branches_core" 'src/' ;;
    x64-coverage) tell_coverage "$1" PE x86_64-w64-mingw32-gcov "$least_branches_PE" "$rooms_PE" ;;
  esac
}

# What is built for Windows alone. The core, which the other rooms of src/ are, is counted natively.
rooms_PE='src/(agent|base|board|dll|hosting|os|pe|reader|redirect|report|run)/'

# tell_coverage PRESET SIDE GCOV LEAST-BRANCHES FILTER: prints how much of these sources ran. Adds the line
# "coverage-SIDE 1 0 0", or a failure.
tell_coverage() {
  figures=$build/coverage-$2.txt
  if logged "$1-gcovr" gcovr --root . --gcov-executable "$3" --filter "$5" -j "$(nproc)" \
    --txt "$build/$1/coverage.txt" --print-summary --fail-under-line "$least_lines" \
    --fail-under-branch "$4" "$build/$1"; then
    record "coverage-$2" 1 0 0
  else
    say "Of src/ less runs than should: $least_lines % of the lines, $4 % of the branches"
    record "coverage-$2" 0 1 0
  fi
  sed -n -e "s/^lines: /coverage of the $2: lines /p" -e "s/^branches: /coverage of the $2: branches /p" \
    "$build/log/$1-gcovr.log" >"$figures"
}

# read_junit PRESET STATUS FILE: records what CTest wrote down. A test that could not be run has failed
# unless it asked to be skipped. A CTest that failed otherwise (no tests, no file) counts as one failure.
read_junit() {
  [ -f "$3" ] || : >"$3"
  # shellcheck disable=SC2046  # one word a number
  record "$1" $(awk -v status="$2" '
    /<testcase .* status="run"/ { passed++; next }
    /<testcase .* status="disabled"/ { skipped++; next }
    /<testcase / { failed++; next }
    /<skipped message="SKIP_/ { failed--; skipped++ }
    END {
      if (status != 0 && failed == 0) failed = 1
      print passed + 0, failed + 0, skipped + 0
    }' "$3")
}

record() {
  echo "$@" >>"$results"
}

# ---------------------------------------------------------------------------
# All of them
# ---------------------------------------------------------------------------

presets=
long=OFF
wine=
x86_reason=
has_modern=
modern_reason=
# The shipped files, and the other files that their checks read.
x86_targets="hostmem hostmem_static hostmem_agent hostmem-run hostmem-host hostmem-top"
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --long)
      long=ON
      export HOSTMEM_TEST_LONG=1
      shift
      ;;
    --only)
      case " $all_presets " in
        *" ${2-} "*) ;;
        *) fail "--only needs one of: $all_presets" ;;
      esac
      presets="$presets $2"
      shift 2
      ;;
    --wine)
      wine=${2-}
      [ "$wine" = 10 ] || fail "--wine needs 10: without it the Wine that is installed runs the tests."
      shift 2
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
unset HOSTMEM_WINE
if [ "$wine" = 10 ]; then
  for preset in $presets; do
    [ "$preset" = x64 ] || fail "--wine 10 runs the preset x64 and no other: Debian 13's Wine has no 32-bit side."
  done
  presets=x64-wine10
  export HOSTMEM_WINE=10
fi
presets=${presets:-$all_presets}
[ "$long" = OFF ] || x86_targets=

cd -- "$root"
mkdir -p "$build"
results=$build/test-results.txt
times=$build/test-times.txt
: >"$results"
: >"$times"
rm -f "$build"/coverage-*.txt

provide_all
wine_begin

for preset in $presets; do
  run_preset "$preset"
done

echo
awk '{ printf "%-16s built in %4d s, tested in %4d s\n", $1, $2, $3; build += $2; tests += $3 }
  END { printf "%-16s built in %4d s, tested in %4d s\n", "all", build, tests }' "$times"
echo
awk '{ if (!count[$1]++) order[++n] = $1; passed[$1] += $2; failed[$1] += $3; skipped[$1] += $4 }
  END {
    for (i = 1; i <= n; i++)
      printf "%-16s %d passed, %d failed, %d skipped\n", order[i], passed[order[i]], failed[order[i]],
        skipped[order[i]]
  }' "$results"
for side in core PE; do
  [ ! -f "$build/coverage-$side.txt" ] || cat "$build/coverage-$side.txt"
done
[ -z "$x86_reason" ] || echo "x86 was checked but not run: $x86_reason"
[ -z "$modern_reason" ] || echo "tests on .NET 8 to 10 were skipped: $modern_reason"
awk '{ passed += $2; failed += $3; skipped += $4 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }' "$results"
