#!/bin/sh
# The demonstration: builds hostmem for x64, compiles tests/clr/Demo.cs, and runs it on a real .NET
# runtime that hostmem gives its memory to. Installs what it lacks first. Wants Debian on amd64.

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"
. "$(dirname -- "$0")/lib-dotnet.sh"

usage() {
  cat <<'END'
Usage: sh tools/demo.sh [OPTION-OF-HOSTMEM-RUN...] [-- ARGUMENT-OF-THE-PROGRAM...]

Shows the output of a C# program that runs on hostmem, then hostmem-run's report. The exit code is
the program's. What is missing is installed (Debian packages) or put under build/ (the rest).
The runtime is .NET 10 where the .NET SDK is on PATH, which fetches it; else CoreCLR 2.0.
END
}

newest=10.0.15-x64
runtime=2.0.0-x64
program=$build/demo/Demo.exe

# Sets runtime to the newest that can be had.
provide_all() {
  # shellcheck disable=SC2046  # one word a package
  need_packages gcc-mingw-w64-x86-64 cmake ninja-build wine64 mono-mcs $(runtime_packages "$runtime")
  need_source_library jansson x64
  if has_sdk && need_modern_runtime "$newest"; then
    runtime=$newest
  else
    need_runtime "$runtime"
  fi
  say "The runtime is $runtime."
}

# A build directory that tests were built in before stays as it is.
# shellcheck disable=SC2317  # with_lock calls it
build_host() {
  if [ ! -f "$build/x64/build.ninja" ]; then
    say "Building hostmem for x64"
    logged demo-configure cmake --preset x64 -DBUILD_TESTING=OFF || return 1
  fi
  logged demo-build cmake --build --preset x64 --target hostmem-run
}

build_program() {
  mkdir -p "$build/demo"
  logged demo-program mcs -out:"$program" "$root/tests/clr/Demo.cs"
}

# run_program OPTION... [-- ARGUMENT...]: the program's path takes the place of the "--".
run_program() {
  windows_program=$(windows_path "$program")
  named=
  for argument; do
    shift
    if [ "$argument" = -- ] && [ -z "$named" ]; then
      named=yes
      argument=$windows_program
    fi
    set -- "$@" "$argument"
  done
  [ -n "$named" ] || set -- "$@" "$windows_program"
  "$root/tools/wine-x64.sh" "$build/x64/bin/hostmem-run.exe" \
    --runtime "$(windows_path "$build/runtimes/$runtime")" "$@"
}

case ${1-} in
  -h | --help)
    usage
    exit 0
    ;;
esac

cd -- "$root"
provide_all
with_lock build-x64 build_host
build_program

wine_begin
wine_environment x64
wine_prefix x64

status=0
run_program "$@" || status=$?
exit "$status"
