# shellcheck shell=sh
# shellcheck disable=SC2154  # lib.sh sets build
# Wine for the tests: which one runs programs of an architecture, the directory that is its Windows
# (build/wine/x64, build/wine/x86), and a 32-bit Wine for machines that have none. Sourced after
# lib.sh.
#
# The 32-bit Wine is not installed. Doing so would add a second architecture to the machine, and fails
# wherever the two architectures' packages are not of the very same versions. Instead Debian's i386
# packages are unpacked, nothing more, into build/i386-root, and run with their own dynamic loader.
# That asks for no root, no chroot and no mount.

i386_root=$build/i386-root

# wine_environment ARCHITECTURE: sets wine_loader and wine_server, and what they read from the
# environment. Fails if there is no such Wine.
wine_environment() {
  case $1 in
    x64)
      wine_loader=/usr/lib/wine/wine64
      wine_server=/usr/lib/wine/wineserver
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
    say "There is no Wine for $1 programs here: tools/test.sh provides it."
    return 1
  fi
  WINEPREFIX=$build/wine/$1
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
  for used in x64 x86; do
    if [ -d "$build/wine/$used" ] && wine_environment "$used" 2>/dev/null; then
      "$wine_server" -k || :
    fi
  done
}

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
  archives=$build/apt/deb-i386/cache/archives
  private_apt_update deb i386 || return 1
  private_apt deb i386 apt-get -y --download-only --no-install-recommends install wine32 libwine || return 1
  mkdir "$staging" || return 1
  for package in "$archives"/*.deb; do
    dpkg-deb -x "$package" "$staging" || return 1
  done
  rm -rf "$build/apt/deb-i386" "$staging/usr/share/doc" "$staging/usr/share/man" "$staging/usr/share/locale"
  finish_zlib "$staging" || return 1
  write_i386_launchers "$staging/usr/lib/wine" || return 1
  "$staging/usr/lib/wine/ld-linux.so.2" --version || {
    echo "this kernel does not run 32-bit programs"
    return 1
  }
  rm -rf "$i386_root" "$build/wine/x86"
  mv "$staging" "$i386_root"
}

# What the installation script of Debian's libwine does: a copy of MinGW's zlib, marked as Wine's own.
finish_zlib() {
  zlib=$1/usr/lib/i386-linux-gnu/wine/i386-windows/zlib1.dll
  cp "$1/usr/i686-w64-mingw32/lib/zlib1.dll" "$zlib" || return 1
  printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' |
    dd of="$zlib" bs=1 seek=64 conv=notrunc
}

# write_i386_launchers DIRECTORY: Wine starts each of its processes as "wine-preloader wine PROGRAM...",
# and its server as "wineserver", both from the directory of the program that runs, which is the
# dynamic loader's own. So the loader is copied there, and these two scripts pass through it.
write_i386_launchers() {
  cp -L "$1/../../../lib/ld-linux.so.2" "$1/ld-linux.so.2" || return 1
  cat >"$1/wine-preloader" <<'END'
#!/bin/sh
here=${0%/*}
WINELOADERNOEXEC=1 exec "$here/ld-linux.so.2" \
  --library-path "$here/../../../lib/i386-linux-gnu:$here/../i386-linux-gnu" "$@"
END
  cat >"$1/wine-launch" <<'END'
#!/bin/sh
exec "${0%/*}/wine-preloader" "${0%/*}/wine" "$@"
END
  cat >"$1/wineserver" <<'END'
#!/bin/sh
exec "${0%/*}/wine-preloader" "${0%/*}/wineserver32" -p0 "$@"
END
  chmod +x "$1/wine-preloader" "$1/wine-launch" "$1/wineserver"
}

# windows_path PATH: the same file as Windows names it; Wine's drive Z: is this system's root.
windows_path() {
  printf 'Z:%s\n' "$1" | tr / '\134'
}
