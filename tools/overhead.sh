#!/bin/sh
# Measures what hostmem-run costs whole programs: a compilation by the SDK's Roslyn, and requests to azmcp.
# Builds hostmem for x64 and installs what it lacks first. Wants Debian on amd64 and the .NET SDK.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"
. "$(dirname -- "$0")/lib-dotnet.sh"

runtime=10.0.15-x64

usage() {
  cat <<'END'
Usage: sh tools/overhead.sh [OPTION...]

Runs each program without hostmem and under hostmem-run, in pairs, in a Wine of its own, and prints the
ratio of their processor times, Wine's server included, with its 95 % interval. "sh tools/overhead.sh -- --help"
lists the options. 30 pairs of both programs take about half an hour; the machine should do nothing else.
END
}

# shellcheck disable=SC2317  # with_lock calls it
build_host() {
  if [ ! -f "$build/x64/build.ninja" ]; then
    logged overhead-configure cmake --preset x64 -DBUILD_TESTING=OFF || return 1
  fi
  logged overhead-build cmake --build --preset x64 --target hostmem-run hostmem-host
}

case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
  --) shift ;;
esac

cd -- "$root"
# shellcheck disable=SC2046  # one word a package
need_packages gcc-mingw-w64-x86-64 cmake ninja-build wine64 python3 $(program_packages azmcp)
need_source_library jansson x64
need_sdk "the runtime and the compiler are" || exit 1
need_modern_runtime "$runtime"
need_pack roslyn
need_program azmcp
with_lock build-x64 build_host

wine_environment x64
WINEPREFIX=$build/wine/overhead
wine_prefix overhead
mkdir -p "$build/tmp/overhead"
exec python3 "$root/tests/bench/overhead/overhead.py" --wine "$wine_loader" --wine-server "$wine_server" \
  --hostmem-run "$build/x64/bin/hostmem-run.exe" --runtime "$build/runtimes/$runtime" \
  --compiler "$(pack_directory roslyn)/tasks/netcore/bincore/csc.dll" --azmcp "$(find "$build/programs/azmcp" -name azmcp.exe)" \
  --work "$build/tmp/overhead" "$@"
