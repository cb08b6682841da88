# shellcheck shell=sh
# shellcheck disable=SC2154  # lib.sh sets build
# Wine for the tests: which one runs programs of an architecture, the directory that is its Windows
# (build/wine/x64, build/wine/x86, build/wine/x64-wine10), a 32-bit Wine for machines that have none, and a
# second opinion: Wine 10. Sourced after lib.sh.
#
# HOSTMEM_WINE in the environment says which Wine runs x64 programs: 10, or without it the one that is
# installed, Debian 12's Wine 8.
#
# The 32-bit Wine and Wine 10 are not installed. A 32-bit Wine would add a second architecture to the machine,
# and fails wherever the two architectures' packages are not of the very same versions; Wine 10 is of another
# release of Debian, with a newer C library. Instead Debian's packages are unpacked, nothing more, into
# build/i386-root and build/wine10-root, and run with their own dynamic loader. That asks for no root, no
# chroot and no mount.

i386_root=$build/i386-root
wine10_root=$build/wine10-root

# wine_environment ARCHITECTURE: sets wine_loader and wine_server, and what they read from the
# environment. Fails if there is no such Wine.
wine_environment() {
  case $1 in
    x64)
      wine_loader=/usr/lib/wine/wine64
      wine_server=/usr/lib/wine/wineserver
      if [ "${HOSTMEM_WINE-}" = 10 ]; then
        wine_loader=$wine10_root/usr/lib/wine/wine-launch
        wine_server=$wine10_root/usr/lib/wine/wineserver
      fi
      WINEARCH=win64
      ;;
    x86)
      wine_loader=/usr/lib/wine/wine
      wine_server=/usr/lib/wine/wineserver
      if [ ! -x "$wine_loader" ]; then
        wine_loader=$i386_root/usr/lib/wine/wine-launch
        wine_server=$i386_root/usr/lib/wine/wineserver
      fi
      WINEARCH=win32
      ;;
  esac
  if [ ! -x "$wine_loader" ]; then
    say "There is no Wine ${HOSTMEM_WINE:+$HOSTMEM_WINE }for $1 programs here: tools/test.sh provides it."
    return 1
  fi
  WINEPREFIX=$build/wine/$(wine_name "$1")
  export WINEARCH WINEPREFIX

  # No prompts for Gecko, no menus; a mscoree.dll beside a program is used before Wine's own. Wine's loader
  # wants one for each managed DLL, which .NET 8 and later load as Windows loads a DLL. A test of a machine
  # that has none sets HOSTMEM_WINE_MSCOREE to n.
  export WINEDLLOVERRIDES="${WINEDLLOVERRIDES-mscoree=${HOSTMEM_WINE_MSCOREE:-n,b};mshtml=;winemenubuilder.exe=;winedbg.exe=;explorer.exe=}"
  export WINEDEBUG="${WINEDEBUG--all}"
  # Names of files are UTF-8 to Wine only where the locale says so; a bare machine has none.
  export LC_ALL=C.UTF-8
  unset DISPLAY WAYLAND_DISPLAY WINELOADER WINESERVER WINEDLLPATH
}

# wine_name ARCHITECTURE: the name of the prefix, one for each Wine.
wine_name() {
  if [ "$1-${HOSTMEM_WINE-}" = x64-10 ]; then echo x64-wine10; else echo "$1"; fi
}

# wine_run ARCHITECTURE PROGRAM ARGUMENT...: replaces the shell by PROGRAM; never returns.
wine_run() {
  wine_environment "$1" || exit 127
  wine_prefix "$1" || exit 127
  shift
  # Where the kernel places a program's heap at random within a gigabyte, one start in some thousands puts
  # it where Windows has its page of shared data, and the program ends without a message.
  # shellcheck disable=SC2046  # one word a part of the command
  exec $(fixed_addresses) "$wine_loader" "$@"
}

# wine_keep ARCHITECTURE: keeps Wine's server and services running between programs, until wine_end.
# Debian's Wine ends the server with its last program, and a program that connects just then dies without a
# message. The server and services inherit no open file of the script: a reader of the script's output would
# wait for them.
wine_keep() {
  wine_environment "$1" && wine_prefix "$1" || return 1
  # shellcheck disable=SC2046  # one word a part of the command
  $(fixed_addresses) "$wine_server" -p600 </dev/null >/dev/null 2>&1 8>&- || :
  # shellcheck disable=SC2046  # one word a part of the command
  $(fixed_addresses) "$wine_loader" cmd /c exit </dev/null >/dev/null 2>&1 8>&-
}

# wine_prefix ARCHITECTURE: makes the directory that WINEPREFIX names. Of several scripts at once, the first
# makes it.
wine_prefix() {
  [ -f "$WINEPREFIX/ready" ] || with_lock "wine-$1" wine_make_prefix "$1"
}

wine_make_prefix() {
  [ ! -f "$WINEPREFIX/ready" ] || return 0
  say "Making a Wine prefix for $1 programs"
  rm -rf "$WINEPREFIX"
  mkdir -p "${WINEPREFIX%/*}" || return 1
  WINEDLLOVERRIDES="mscoree=;mshtml=;winemenubuilder.exe=" \
    logged "wine-$1" timeout 300 "$wine_loader" wineboot --init || return 1
  timeout 60 "$wine_server" -w || return 1
  : >"$WINEPREFIX/ready"
}

# wine_begin: at the script's end, however it ends, no Wine process of this repository is left, unless
# another script still uses Wine: each holds a shared lock meanwhile.
wine_begin() {
  mkdir -p "$build/lock"
  exec 8>"$build/lock/wine-users"
  flock -s 8
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap wine_end EXIT
}

wine_end() {
  flock -n -x 8 || return 0
  for used in x64 x86 10; do
    (wine_end_server "$used")
  done
}

# wine_end_server ARCHITECTURE, or 10 for Wine 10.
wine_end_server() {
  unset HOSTMEM_WINE
  architecture=$1
  if [ "$1" = 10 ]; then
    HOSTMEM_WINE=10
    architecture=x64
  fi
  if [ -d "$build/wine/$(wine_name "$architecture")" ] && wine_environment "$architecture" 2>/dev/null; then
    "$wine_server" -k || :
  fi
}

# ---------------------------------------------------------------------------
# Wines that are unpacked
# ---------------------------------------------------------------------------

# need_wine32: fails if no 32-bit Wine can be had, with a sentence on standard output that says why.
need_wine32() {
  [ ! -x /usr/lib/wine/wine ] || return 0
  if ! provide "$i386_root/.stamp" 1 "Unpacking a 32-bit Wine from Debian's i386 packages" \
    logged wine32 make_i386_root >/dev/null; then
    echo "a 32-bit Wine could not be had ($(tail -n 1 "$build/log/wine32.log"))"
    return 1
  fi
}

make_i386_root() {
  staging=$build/tmp/i386-root
  private_apt_update deb i386 this || return 1
  private_apt deb i386 this apt-get -y --download-only --no-install-recommends install wine32 libwine || return 1
  unpack_packages "$build/apt/deb-i386-this/cache/archives" "$staging" || return 1
  rm -rf "$build/apt/deb-i386-this"
  finish_zlib "$staging" i386-linux-gnu i686 || return 1
  write_launchers "$staging" i386-linux-gnu lib/ld-linux.so.2 wine wineserver32 || return 1
  "$staging/usr/lib/wine/ld-linux.so.2" --version || {
    echo "this kernel does not run 32-bit programs"
    return 1
  }
  rm -rf "$i386_root" "$build/wine/x86"
  mv "$staging" "$i386_root"
}

# What Wine 10 for x64 takes of Debian 13: Wine itself, of the versions that dependencies.txt pins, and what it
# is linked with, as Debian 13 has it now. (apt checks those by the release's signature. A pinned C library
# would be gone with the next point release.) Here Wine shows no windows and makes no TLS connections: it goes
# without the other 170 packages that Debian installs with it.
wine10_packages="wine64 libwine"
wine10_libraries="libc6 libgcc-s1 libunwind8 liblzma5 libz-mingw-w64"

# need_wine10: ends the script with a sentence if Wine 10 cannot be had.
need_wine10() {
  pins=$(for package in $wine10_packages; do pinned debian13 "$package" || exit 1; done) || exit 1
  provide "$wine10_root/.stamp" "$pins" "Unpacking Wine 10 from Debian 13's packages (745 MB)" \
    silently logged wine10 make_wine10_root ||
    fail "Wine 10 could not be had: $(tail -n 1 "$build/log/wine10.log") (see build/log/wine10.log)."
}

silently() {
  "$@" 2>/dev/null
}

make_wine10_root() {
  staging=$build/tmp/wine10-root
  archives=$build/tmp/archives
  mkdir "$archives" || return 1
  fetch_wine10 || return 1
  unpack_packages "$archives" "$staging" || return 1
  finish_zlib "$staging" x86_64-linux-gnu x86_64 || return 1
  write_launchers "$staging" x86_64-linux-gnu usr/lib64/ld-linux-x86-64.so.2 wine64 wineserver64 || return 1
  # Where the server looks for its tables of characters, from its own directory.
  ln -s . "$staging/usr/share/wine/wine" || return 1
  "$staging/usr/lib/wine/wineserver" --version || {
    echo "it does not run on this machine"
    return 1
  }
  rm -rf "$wine10_root" "$build/wine/x64-wine10"
  mv "$staging" "$wine10_root"
}

# Leaves the packages in $archives, checked.
fetch_wine10() {
  private_apt_update deb amd64 trixie || return 1
  versions=
  for package in $wine10_packages; do
    pin=$(pinned debian13 "$package") || return 1
    versions="$versions $package=${pin% *}"
  done
  # shellcheck disable=SC2086  # one word a package
  (cd "$archives" && private_apt deb amd64 trixie apt-get download $versions $wine10_libraries) || {
    echo "this machine's package sources do not serve Debian 13's Wine"
    return 1
  }
  rm -rf "$build/apt/deb-amd64-trixie"
  for package in $wine10_packages; do
    pin=$(pinned debian13 "$package") || return 1
    has_hash "$(echo "$archives/${package}_"*.deb)" "${pin#* }" || {
      echo "Debian 13's package $package is not the one that tools/dependencies.txt pins"
      return 1
    }
  done
}

# unpack_packages ARCHIVES ROOT: the packages' files, and nothing of what their scripts would do.
unpack_packages() {
  mkdir "$2" || return 1
  for package in "$1"/*.deb; do
    dpkg-deb -x "$package" "$2" || return 1
  done
  rm -rf "$2/usr/share/doc" "$2/usr/share/man" "$2/usr/share/locale"
}

# finish_zlib ROOT LIBRARIES MINGW: what the installation script of Debian's libwine does: a copy of MinGW's zlib,
# marked as Wine's own. LIBRARIES is what the directories of libraries are called, MINGW what MinGW calls the
# processor.
finish_zlib() {
  zlib=$1/usr/lib/$2/wine/${2%%-*}-windows/zlib1.dll
  cp "$1/usr/$3-w64-mingw32/lib/zlib1.dll" "$zlib" || return 1
  printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' |
    dd of="$zlib" bs=1 seek=64 conv=notrunc
}

# write_launchers ROOT LIBRARIES DYNAMIC-LOADER WINE SERVER: Wine starts each of its processes as
# "WINE-preloader WINE PROGRAM...", and its server as "wineserver", all from the directory of the program
# that runs, which is the dynamic loader's own. So the loader is copied there, and these scripts pass through
# it.
write_launchers() {
  launchers=$1/usr/lib/wine
  dynamic_loader=${3##*/}
  cp -L "$1/$3" "$launchers/$dynamic_loader" || return 1
  cat >"$launchers/$4-preloader" <<END
#!/bin/sh
here=\${0%/*}
WINELOADERNOEXEC=1 exec "\$here/$dynamic_loader" \\
  --library-path "\$here/../../../lib/$2:\$here/../$2" "\$@"
END
  cat >"$launchers/wine-launch" <<END
#!/bin/sh
exec "\${0%/*}/$4-preloader" "\${0%/*}/$4" "\$@"
END
  cat >"$launchers/wineserver" <<END
#!/bin/sh
exec "\${0%/*}/$4-preloader" "\${0%/*}/$5" -p0 "\$@"
END
  chmod +x "$launchers/$4-preloader" "$launchers/wine-launch" "$launchers/wineserver"
}

# windows_path PATH: the same file as Windows names it; Wine's drive Z: is this system's root.
windows_path() {
  printf 'Z:%s\n' "$1" | tr / '\134'
}
