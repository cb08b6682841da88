#!/bin/sh
# The sources follow the plan of src/ (house.awk): small folders, short files, no circle of includes between
# files or rooms, no include of a higher room's header. That no function is longer than 50 lines is
# clang-tidy's to tell (.clang-tidy).
#
#   sh house.sh ROOT              looks at ROOT/src
#   sh house.sh --test SCRATCH    the check's own test: plants what must be refused, in trees under SCRATCH

set -eu
here=$(cd -- "$(dirname -- "$0")" && pwd -P)

look_at() {
  (
    cd -- "$1/src"
    find . -type f -name '*.[ch]' -exec wc -l {} + | sed -n 's,^ *\([0-9]*\) \./\(.*\)$,FILE \2 \1,p'
    find . -type f -name '*.[ch]' -exec grep -H '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
      sed 's,^\./\([^:]*\):[^"]*"\([^"]*\)".*,INCLUDE \1 \2,'
  ) | LC_ALL=C sort | awk -f "$here/house.awk"
}

# ---------------------------------------------------------------------------
# Its own test
# ---------------------------------------------------------------------------

# file PATH [INCLUDED...]: writes it.
file() {
  mkdir -p "$tree/src/${1%/*}"
  path=$tree/src/$1
  shift
  for included; do echo "#include \"$included\""; done >"$path"
}

# A tree that follows the plan: each room has a file, and one of them includes headers of lower rooms.
new_house() {
  rm -rf "$tree"
  file pages/pages.h counters/counters.h
  file pages/pages.c pages/pages.h os/os.h
  file os/os.h
  file counters/counters.h
  file run/main.c launch/start.h
  file run/launch/start.h base/text.h
  file run/launch/coreclr/deep.c run/launch/start.h
  file base/text.h
}

# refused REASON: the tree is, for this reason, and for no other.
refused() {
  if said=$(look_at "$tree"); then
    echo "not refused: $1"
    exit 1
  fi
  if [ "$said" != "$1" ]; then
    printf 'wanted: %s\nsaid:   %s\n' "$1" "$said"
    exit 1
  fi
}

test_itself() {
  tree=$1
  new_house
  look_at "$tree" >/dev/null || {
    echo "a house in order is refused: $(look_at "$tree")"
    exit 1
  }
  file pages/high.c heap/heap.h
  file heap/heap.h
  refused 'src/pages/high.c may not include "heap/heap.h": no arrow points from pages to heap'
  new_house
  file os/os.c counters/counters.h
  refused 'src/os/os.c may not include "counters/counters.h": no arrow points from os to counters'
  new_house
  file run/launch/a.h run/launch/b.h
  file run/launch/b.c a.h
  file run/launch/b.h
  refused 'a circle of files: run/launch/a run/launch/b run/launch/a'
  new_house
  file attic/new.c
  refused 'src/attic/new.c is in no room that house.awk knows'
  new_house
  file base/lost.c base/nowhere.h
  refused 'src/base/lost.c includes "base/nowhere.h", which is not in src'
  new_house
  yes '' | head -n 401 >"$tree/src/base/long.c"
  refused 'src/base/long.c has 401 lines, and may have 400'
  new_house
  for number in $(seq 27); do file "base/file$number.c"; done
  refused 'src/base holds 28 files, and may hold 27'
  rm -rf "$tree/src"
  mkdir -p "$tree/src"
  refused 'there are no sources'
  echo "what is planted is refused"
}

if [ "$1" = --test ]; then
  test_itself "$2"
else
  look_at "$1"
fi
