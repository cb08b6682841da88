#!/bin/sh
# Runs a Windows x86 program under Wine, unattended: output, errors and exit code are the program's.
# CMake's presets start the tests of the 32-bit build with it.
#
# Usage: wine-x86.sh PROGRAM [ARGUMENT...]

# shellcheck source-path=SCRIPTDIR
set -eu
. "$(dirname -- "$0")/lib.sh"
. "$(dirname -- "$0")/lib-wine.sh"

wine_run x86 "$@"
