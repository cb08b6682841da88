# shellcheck shell=sh
# Getting what a build or a test needs: Debian packages, libraries built from Debian's source
# packages for Windows, and .NET runtimes. Sourced by the scripts of this directory.
#
# Each need_* function is silent when all is there, says one line when it has work to do, and may be
# interrupted at any point and called again. Everything but Debian packages lands under build/. What
# is fetched is checked against tools/dependencies.txt.

# Every script that sources this lies in tools/, so the repository's root is one above it.
root=$(cd -- "$(dirname -- "$0")/.." && pwd -P)
build=$root/build

# The certificate authorities that this machine trusts.
authorities=/etc/ssl/certs/ca-certificates.crt

# ---------------------------------------------------------------------------
# Talking, logging, locking
# ---------------------------------------------------------------------------

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

# logged NAME COMMAND...: the output of COMMAND goes to build/log/NAME.log; its end is shown if it fails.
logged() {
  mkdir -p "$build/log"
  log=$build/log/$1.log
  shift
  status=0
  "$@" </dev/null >"$log" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    say "failed with code $status; all of its output is in build/log/${log##*/}"
  fi
  return "$status"
}

# with_lock NAME COMMAND...: only one COMMAND at a time holds the lock NAME, whichever script runs it.
with_lock() {
  mkdir -p "$build/lock"
  lock_file=$build/lock/$1
  shift
  (
    flock 9
    "$@" 9>&-
  ) 9>"$lock_file"
}

# provide STAMP CONTENT SENTENCE COMMAND...: says SENTENCE and runs COMMAND, unless STAMP tells that
# it was done before with the same CONTENT.
provide() {
  ! is_stamped "$1" "$2" || return 0
  with_lock provide provide_locked "$@"
}

provide_locked() {
  ! is_stamped "$1" "$2" || return 0
  stamp=$1
  content=$2
  say "$3"
  shift 3
  rm -rf "$build/tmp"
  mkdir -p "$build/tmp" "${stamp%/*}" || return 1
  rm -f "$stamp"
  "$@" || return 1
  printf '%s\n' "$content" >"$stamp.new" && mv "$stamp.new" "$stamp" || return 1
  rm -rf "$build/tmp"
}

is_stamped() {
  [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# pinned KIND NAME: what to ask for, and its hash, from dependencies.txt.
pinned() {
  awk -v kind="$1" -v name="$2" '
    $1 == kind && $2 == name { print $3, $4; found = 1 }
    END { exit !found }' "$root/tools/dependencies.txt" ||
    fail "tools/dependencies.txt lists no $1 named $2"
}

# has_hash FILE HASH: HASH is sha256-<hexadecimal> or sha512-<base64>, as their publishers write them.
has_hash() {
  case $2 in
    sha256-*) printf '%s  %s\n' "${2#sha256-}" "$1" | sha256sum --check --status ;;
    sha512-*)
      digits=$(printf '%s' "${2#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
      printf '%s  %s\n' "$digits" "$1" | sha512sum --check --status
      ;;
    *) return 1 ;;
  esac
}

# ---------------------------------------------------------------------------
# Debian packages
# ---------------------------------------------------------------------------

# need_packages PACKAGE...: installs those that are missing.
need_packages() {
  [ $# -gt 0 ] || return 0
  command -v dpkg-query >/dev/null || fail "Without Debian's package manager these must be installed by hand: $*"
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  say "Installing Debian packages: $missing"
  keep_authorities
  # shellcheck disable=SC2086  # one word a package
  with_lock packages logged packages install_packages $missing
}

missing_packages() {
  present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || :)
  list=
  for package; do
    printf '%s\n' "$present" | grep -qxF "installed $package" || list="$list${list:+ }$package"
  done
  printf '%s\n' "$list"
}

# A machine without the package ca-certificates may have been given a list of authorities by hand.
# Installing the package, on which npm depends, replaces the list; need_runtime still needs the authorities
# that were on it.
keep_authorities() {
  [ -e "$authorities" ] && [ -n "$(missing_packages ca-certificates)" ] || return 0
  mkdir -p "$build"
  cp "$authorities" "$build/authorities.crt"
}

# If one package index cannot be fetched, go on: the packages may be in the others.
install_packages() {
  as_root apt-get -q update || echo "going on without a complete update"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "Installing packages needs root, and there is no sudo."
    return 1
  fi
}

# private_apt KIND ARCHITECTURE RELEASE TOOL ARGUMENT...: apt-get or apt-cache for the entries of this machine's
# package sources, read as KIND (deb, or deb-src) for ARCHITECTURE, with lists and an (empty) package
# database of its own. RELEASE is the codename of a Debian release, or "this": the one that the machine's
# entries name. It changes nothing on the machine and needs no root.
private_apt() {
  apt_dir=$build/apt/$1-$2-$3
  architecture=$2
  tool=$4
  shift 4
  LC_ALL=C "$tool" -q \
    -o Dir::Etc::sourcelist=/dev/null \
    -o Dir::Etc::sourceparts="$apt_dir/sources.list.d" \
    -o Dir::State::lists="$apt_dir/lists" \
    -o Dir::State::status="$apt_dir/status" \
    -o Dir::Cache="$apt_dir/cache" \
    -o APT::Architecture="$architecture" \
    -o APT::Architectures::="$architecture" \
    -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none \
    -o Debug::NoLocking=1 \
    "$@"
}

# private_apt_update KIND ARCHITECTURE RELEASE: makes the lists anew.
private_apt_update() {
  apt_dir=$build/apt/$1-$2-$3
  rm -rf "$apt_dir"
  mkdir -p "$apt_dir/sources.list.d" "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" || return 1
  : >"$apt_dir/status"
  apt_source_files | while read -r file; do
    case $file in
      *.sources) sed -E -e "s/^Types:.*/Types: $1/I" -e '/^Architectures:/Id' "$file" ;;
      *) sed -nE -e "s/^[[:space:]]*deb[[:space:]]/$1 /" -e 's/[[:space:]]arch=[^] ]*//' \
        -e 's/\[arch=[^] ]*/[/' -e 's/\[ *\]//' -e "/^$1 /p" "$file" ;;
    esac | of_release "$3" >"$apt_dir/sources.list.d/${file##*/}"
  done
  private_apt "$1" "$2" "$3" apt-get update || echo "going on without a complete update"
}

# of_release RELEASE: standard input, entries of package sources, with the suites of RELEASE in place of their
# own: "bookworm-updates" becomes "trixie-updates".
of_release() {
  if [ "$1" = this ]; then
    cat
  else
    sed -E -e "/^Suites:/Is/([[:space:]])[a-z]+/\1$1/g" \
      -e "s/^(deb(-src)?[[:space:]]+(\[[^]]*\][[:space:]]+)?[^[:space:]]+[[:space:]]+)[a-z]+/\1$1/"
  fi
}

# The files that name this machine's package sources: those of Debian, or all files if apt does not know yet
# which of them are Debian's.
apt_source_files() {
  # shellcheck disable=SC2016  # apt-get expands them
  targets=$(apt-get indextargets --format '$(ORIGIN)|$(SOURCESENTRY)' 'Created-By: Packages')
  if printf '%s\n' "$targets" | grep -q '^Debian|'; then
    targets=$(printf '%s\n' "$targets" | grep '^Debian|')
  fi
  printf '%s\n' "$targets" | sed -e 's/^[^|]*|//' -e 's/:[0-9]*$//' | sort -u
}

# ---------------------------------------------------------------------------
# Builds with sanitizers
# ---------------------------------------------------------------------------

# The packages that they need. libFuzzer is part of libclang-rt-dev.
sanitizer_packages() {
  echo clang libclang-rt-dev llvm libstdc++-12-dev libc6-dev libcmocka-dev
}

# The prefix of commands that start programs with sanitizers. Older compilers' sanitizers cannot lay out
# their memory where a kernel randomises addresses by more than 28 bits.
steady_addresses() {
  bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)
  [ "$bits" -le 28 ] || fixed_addresses
}

# The prefix of a command that is to have its memory at the same addresses in each run; empty where that is
# not allowed.
fixed_addresses() {
  ! setarch -R true 2>/dev/null || echo setarch -R
}

# ---------------------------------------------------------------------------
# Libraries for Windows, from Debian's source packages
# ---------------------------------------------------------------------------

# need_source_library NAME ARCHITECTURE: a static library in build/deps/x64 or build/deps/x86.
need_source_library() {
  pin=$(pinned source "$1") || exit 1
  provide "$build/deps/$2/.$1" "$pin $(source_library_options "$1")" \
    "Building $1 ${pin% *} for Windows $2 from Debian's source package" \
    logged "$1-$2" build_source_library "$1" "$2" "${pin% *}" "${pin#* }"
}

source_library_options() {
  case $1 in
    cmocka) echo -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF ;;
    mimalloc) echo clang --target=x86_64-w64-mingw32 -std=gnu11 -O3 -DNDEBUG -DMI_STATIC_LIB -D_WIN32_WINNT=0x0601 -w ;;
    jansson) echo -DJANSSON_BUILD_SHARED_LIBS=OFF -DJANSSON_BUILD_DOCS=OFF \
      -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF -DJANSSON_INSTALL_CMAKE_DIR:STRING=lib/cmake/jansson ;;
  esac
}

# build_source_library NAME ARCHITECTURE VERSION HASH
build_source_library() {
  tarball=
  fetch_source "$1" "$3" "$4" || return 1
  mkdir "$build/tmp/source" || return 1
  tar -xf "$tarball" -C "$build/tmp/source" --strip-components=1 || return 1
  case $1 in
    mimalloc) compile_mimalloc "$build/deps/$2" ;;
    *) build_with_cmake "$1" "$2" ;;
  esac
}

# build_with_cmake NAME ARCHITECTURE
build_with_cmake() {
  # shellcheck disable=SC2046  # one word an option
  cmake -S "$build/tmp/source" -B "$build/tmp/build" -G Ninja \
    --toolchain "$root/cmake/mingw-$2.cmake" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX="$build/deps/$2" -DCMAKE_INSTALL_LIBDIR=lib \
    $(source_library_options "$1") || return 1
  cmake --build "$build/tmp/build" || return 1
  cmake --install "$build/tmp/build" || return 1
  if [ "$1" = cmocka ]; then
    keep_static_cmocka "$build/deps/$2" || return 1
  fi
}

# CMocka always builds its DLL too, and its package configuration names that.
keep_static_cmocka() {
  rm -f "$1/bin/cmocka.dll" "$1/lib/libcmocka.dll.a"
  rmdir "$1/bin" 2>/dev/null || :
  sed -i 's,/lib/[a-z]*\.dll\.a),/lib/libcmocka-static.a),' "$1/lib/cmake/cmocka/cmocka-config.cmake"
}

# compile_mimalloc PREFIX: mimalloc is the benchmark's peer, and only on x64. Clang compiles it: GCC for
# Windows emulates thread-local variables by calls, which would make it slower than it is where people use
# it.
compile_mimalloc() {
  mkdir -p "$build/tmp/build" "$1/include" "$1/lib" || return 1
  # shellcheck disable=SC2046  # one word an option
  $(source_library_options mimalloc) -I "$build/tmp/source/include" \
    -c "$build/tmp/source/src/static.c" -o "$build/tmp/build/mimalloc.o" || return 1
  x86_64-w64-mingw32-ar rcs "$build/tmp/build/libmimalloc.a" "$build/tmp/build/mimalloc.o" || return 1
  cp "$build/tmp/source/include/mimalloc.h" "$1/include/" || return 1
  mv "$build/tmp/build/libmimalloc.a" "$1/lib/"
}

# fetch_source NAME VERSION HASH: sets tarball to the checked upstream tarball of the source package.
fetch_source() {
  mkdir -p "$build/downloads" || return 1
  find_tarball "$build/downloads" "$@" && return 0
  native=$(dpkg --print-architecture)
  private_apt_update deb-src "$native" this || return 1
  revision=$(private_apt deb-src "$native" this apt-cache showsrc --only-source "$1" |
    awk -v upstream="$2" '$1 == "Version:" && index($2, upstream "-") == 1 { print $2; exit }')
  if [ -z "$revision" ]; then
    echo "This machine's package sources offer no source package $1 $2."
    return 1
  fi
  mkdir "$build/tmp/download" || return 1
  (cd "$build/tmp/download" &&
    private_apt deb-src "$native" this apt-get source --download-only "$1=$revision") || return 1
  rm -rf "$build/apt/deb-src-$native-this"
  if ! find_tarball "$build/tmp/download" "$@"; then
    echo "The source package $1 $2 is not the one that tools/dependencies.txt pins."
    return 1
  fi
  mv "$tarball" "$build/downloads/" && tarball=$build/downloads/${tarball##*/}
}

# find_tarball DIRECTORY NAME VERSION HASH: sets tarball if it is there.
find_tarball() {
  for tarball in "$1/$2_$3.orig.tar."*; do
    if [ -f "$tarball" ] && has_hash "$tarball" "$4"; then return 0; fi
  done
  return 1
}

# ---------------------------------------------------------------------------
# .NET runtimes, from the npm registry
# ---------------------------------------------------------------------------

# need_runtime NAME: a dotnet root in build/runtimes/NAME, as an installation of .NET has it: the host
# (host/fxr), the runtime (shared/Microsoft.NETCore.App) and, if there is one, the SDK's compiler.
need_runtime() {
  pin=$(pinned npm "$1") || exit 1
  ! is_stamped "$build/runtimes/.$1" "$pin root" || return 0
  # shellcheck disable=SC2046  # one word a package
  need_packages $(runtime_packages "$1")
  provide "$build/runtimes/.$1" "$pin root" "Fetching the .NET runtime $1 (npm package ${pin% *})" \
    logged "runtime-$1" fetch_runtime "$1" "${pin% *}" "${pin#* }"
}

# runtime_packages NAME...: the Debian packages that fetching these runtimes takes on this machine.
runtime_packages() {
  for runtime_name; do
    is_stamped "$build/runtimes/.$runtime_name" "$(pinned npm "$runtime_name") root" || npm_packages
  done
}

# The Debian packages that fetching from the npm registry takes, of those that this machine lacks.
npm_packages() {
  command -v npm >/dev/null || echo npm
  [ -e "$authorities" ] || echo ca-certificates
}

# fetch_npm PACKAGE HASH: leaves the checked package's files in build/tmp/unpacked/package.
fetch_npm() {
  trust_authorities
  (cd "$build/tmp" && npm pack --loglevel=warn "$1") || return 1
  tarball=$(find "$build/tmp" -maxdepth 1 -name '*.tgz')
  if ! has_hash "$tarball" "$2"; then
    echo "The npm package $1 is not the one that tools/dependencies.txt pins."
    return 1
  fi
  mkdir "$build/tmp/unpacked" || return 1
  tar -xzf "$tarball" -C "$build/tmp/unpacked"
}

# fetch_runtime NAME PACKAGE HASH
fetch_runtime() {
  fetch_npm "$2" "$3" || return 1
  rm -rf "$build/runtimes/$1"
  mkdir -p "$build/runtimes/$1/shared" || return 1
  mv "$build/tmp/unpacked/package/dotnet.exe" "$build/tmp/unpacked/package/host" "$build/runtimes/$1" || return 1
  mv "$build/tmp/unpacked/package/shared/Microsoft.NETCore.App" "$build/runtimes/$1/shared" || return 1
  for compiler in "$build/tmp/unpacked/package/sdk"/*/Roslyn; do
    [ -d "$compiler" ] || continue
    sdk=${compiler%/*}
    mkdir -p "$build/runtimes/$1/sdk/${sdk##*/}" || return 1
    mv "$compiler" "$build/runtimes/$1/sdk/${sdk##*/}" || return 1
  done
}

# Makes npm trust the machine's certificate authorities, and not only its built-in ones.
trust_authorities() {
  cat "${NODE_EXTRA_CA_CERTS:-$authorities}" "$authorities" "$build/authorities.crt" \
    >"$build/tmp/authorities.crt" 2>/dev/null || :
  export NODE_EXTRA_CA_CERTS="$build/tmp/authorities.crt"
}
