#!/bin/sh
# Measures what hostmem-run costs whole programs: a compilation by the SDK's Roslyn, requests to azmcp, and the
# server collector.
# Builds hostmem for x64 and installs what it lacks first. Wants Debian on amd64 and the .NET SDK.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"
. "$(dirname -- "$0")/lib-dotnet.sh"

runtime=10.0.15-x64
work=$build/tmp/overhead

usage() {
  cat <<'END'
Usage: sh tools/overhead.sh [OPTION...]

Runs each program without hostmem and under hostmem-run, in pairs, in a Wine of its own, and prints the
ratio of their processor times, Wine's server included, with its 95 % interval. "sh tools/overhead.sh -- --help"
lists the options. 30 pairs of all three take some 45 minutes; the machine should do nothing else. With
"--checkpoint FILE" each pair is kept at once: the same command goes on after an interruption, and
"--checkpoint FILE --more 1" adds a single pair.
END
}

# shellcheck disable=SC2317  # with_lock calls it
build_host() {
  if [ ! -f "$build/x64/build.ninja" ]; then
    logged overhead-configure cmake --preset x64 -DBUILD_TESTING=OFF || return 1
  fi
  logged overhead-build cmake --build --preset x64 --target hostmem-run hostmem-host
}

# The programs without debug information, as an installation of the build type Release has them: Wine reads that
# into memory whenever a program starts.
copy_host() {
  mkdir -p "$work/bin" || return 1
  for file in hostmem-run.exe hostmem-host.exe hostmem.dll hostmem-agent.dll; do
    x86_64-w64-mingw32-strip -o "$work/bin/$file" "$build/x64/bin/$file" || return 1
  done
}

# The program that gives the collector work, compiled for the runtime by the SDK's host and the pinned compiler.
build_collector() {
  mkdir -p "$work" || return 1
  framework=$(echo "$build/runtimes/$runtime/shared/Microsoft.NETCore.App/"*)
  printf '{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "%s"}}}\n' \
    "${framework##*/}" >"$work/Collector.runtimeconfig.json" || return 1
  sdk dotnet "$(pack_directory roslyn)/tasks/netcore/bincore/csc.dll" -nologo -deterministic -optimize+ \
    -out:"$work/Collector.dll" -r:"$framework/System.Runtime.dll" -r:"$framework/System.Console.dll" \
    -r:"$framework/System.Threading.dll" -r:"$framework/System.Threading.Thread.dll" \
    -r:"$framework/System.Private.CoreLib.dll" "$root/tests/bench/overhead/Collector.cs"
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
logged overhead-copy copy_host
logged overhead-collector build_collector
exec python3 "$root/tests/bench/overhead/overhead.py" --wine "$wine_loader" --wine-server "$wine_server" \
  --hostmem-run "$work/bin/hostmem-run.exe" --runtime "$build/runtimes/$runtime" \
  --compiler "$(pack_directory roslyn)/tasks/netcore/bincore/csc.dll" --azmcp "$(find "$build/programs/azmcp" -name azmcp.exe)" \
  --collector "$work/Collector.dll" --work "$work" "$@"
