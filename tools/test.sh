#!/bin/sh
# All tests: configures, builds and tests every preset, after installing what they lack. Wants Debian
# on amd64. The last line is the sum over the presets: N passed, N failed, N skipped.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"

all_presets="x64 x86 native native-asan native-tsan native-coverage x64-coverage"

usage() {
  cat <<END
Usage: sh tools/test.sh [--only PRESET]...

Builds and tests the presets of CMakePresets.json: $all_presets.
What is missing is installed (Debian packages) or put under build/ (the rest). Fails if any test does.
END
}

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
    x64) echo g++-mingw-w64-x86-64 wine64 mono-mcs xz-utils "$(runtime_packages 2.0.0-x64 2.2.2-x64 3.1.2-x64)" ;;
    x86) echo g++-mingw-w64-i686 mono-mcs xz-utils "$(runtime_packages 2.1.8-x86)" ;;
    native) echo gcc g++ libc6-dev libcmocka-dev spin valgrind ;;
    native-coverage) echo gcc g++ libc6-dev libcmocka-dev gcovr ;;
    native-*) sanitizer_packages ;;
  esac
}

# Sets x86_reason if programs of x86 cannot run here.
provide_all() {
  # shellcheck disable=SC2046  # one word a package
  need_packages $(for preset in $presets; do packages_of "$preset"; done | tr ' ' '\n' | sort -u)
  for preset in $presets; do
    case $preset in
      x64* | x86)
        need_source_library cmocka "${preset%-coverage}"
        need_source_library jansson "${preset%-coverage}"
        ;;
    esac
    case $preset in
      x64*)
        need_runtime 2.0.0-x64
        need_runtime 3.1.2-x64 || say "Going on without it: the tests that need it are skipped."
        need_runtime 2.2.2-x64 || say "Going on without it: the tests that need it are skipped."
        ;;
      x86)
        need_runtime 2.1.8-x86
        x86_reason=$(need_wine32) || :
        ;;
    esac
  done
}

# ---------------------------------------------------------------------------
# One preset
# ---------------------------------------------------------------------------

build_preset() {
  logged "$1-configure" cmake --preset "$1" -DBUILD_TESTING=ON || return 1
  logged "$1-build" cmake --build --preset "$1"
}

# run_preset PRESET: adds one line, "PRESET PASSED FAILED SKIPPED", to the results.
run_preset() {
  say "Building $1"
  if ! with_lock "build-$1" build_preset "$1"; then
    record "$1" 0 1 0
    return
  fi
  if [ "$1" = x86 ] && [ -n "$x86_reason" ]; then
    record x86 0 0 "$(ctest --preset x86 -N | sed -n 's/^Total Tests: //p')"
    return
  fi
  case $1 in
    x64* | x86) (wine_keep "${1%-coverage}") ;;
  esac
  case $1 in
    *-coverage) find "$build/$1" -name '*.gcda' -delete ;;
  esac
  junit=$build/$1/tests.xml
  rm -f "$junit"
  status=0
  steady=
  case $1 in
    native-asan | native-tsan) steady=$(steady_addresses) ;;
  esac
  $steady ctest --preset "$1" --output-junit "$junit" || status=$?
  read_junit "$1" "$status" "$junit"
  case $1 in
    native-coverage) tell_coverage "$1" core gcov ;;
    x64-coverage) tell_coverage "$1" PE x86_64-w64-mingw32-gcov ;;
  esac
}

# tell_coverage PRESET SIDE GCOV: what ran of src/. Adds the line "coverage-SIDE 1 0 0", or a failure.
tell_coverage() {
  counts=$build/$1/coverage.json
  : >"$build/coverage-$2.txt"
  if logged "$1-gcovr" gcovr --root . --gcov-executable "$3" --filter 'src/' --json "$counts" "$build/$1" &&
    python3 tests/coverage/report.py . "$2" "$counts" >"$build/coverage-$2.txt"; then
    record "coverage-$2" 1 0 0
  else
    record "coverage-$2" 0 1 0
  fi
  cat "$build/coverage-$2.txt"
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
x86_reason=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --only)
      case " $all_presets " in
        *" ${2-} "*) ;;
        *) fail "--only needs one of: $all_presets" ;;
      esac
      presets="$presets $2"
      shift 2
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
presets=${presets:-$all_presets}

cd -- "$root"
mkdir -p "$build"
results=$build/test-results.txt
: >"$results"
rm -f "$build"/coverage-*.txt

provide_all
wine_begin

for preset in $presets; do
  run_preset "$preset"
done

echo
awk '{ printf "%-12s %d passed, %d failed, %d skipped\n", $1, $2, $3, $4 }' "$results"
for side in core PE; do
  [ ! -f "$build/coverage-$side.txt" ] || head -n 1 "$build/coverage-$side.txt"
done
[ -z "$x86_reason" ] || echo "x86 was built but not run: $x86_reason"
awk '{ passed += $2; failed += $3; skipped += $4 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }' "$results"
