#!/bin/sh
# Builds hostmem-bench for x64, with mimalloc as a peer, and runs it. Installs what it lacks first. Wants
# Debian on amd64.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"

usage() {
  cat <<'END'
Usage: sh tools/bench.sh [--wine 10] [OPTION-OF-HOSTMEM-BENCH...]

Builds build/x64/bin/hostmem-bench.exe and runs it with these options, under Wine. The exit code is the
program's. "sh tools/bench.sh -- --help" lists its options. What is missing is installed (Debian
packages) or put under build/ (the rest). docs/PERFORMANCE.md says what the figures mean.

With --wine 10 it runs under Wine 10, from Debian 13's packages, instead of the Wine that is installed.
END
}

provide_all() {
  [ -z "${HOSTMEM_WINE-}" ] || need_wine10
  need_packages gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64 cmake ninja-build wine64 clang
  need_source_library cmocka x64
  need_source_library jansson x64
  need_source_library mimalloc x64
}

# shellcheck disable=SC2317  # with_lock calls it
build_bench() {
  say "Building hostmem-bench for x64"
  logged bench-configure cmake --preset x64 -DBUILD_TESTING=ON || return 1
  logged bench-build cmake --build --preset x64 --target hostmem-bench
}

unset HOSTMEM_WINE
case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
  --wine)
    [ "${2-}" = 10 ] || fail "--wine needs 10: without it the Wine that is installed runs the bench."
    export HOSTMEM_WINE=10
    shift 2
    ;;
esac
[ "${1-}" != -- ] || shift

cd -- "$root"
provide_all
with_lock build-x64 build_bench

wine_begin
status=0
"$root/tools/wine-x64.sh" "$build/x64/bin/hostmem-bench.exe" "$@" || status=$?
exit "$status"
