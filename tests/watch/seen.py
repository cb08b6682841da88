#!/usr/bin/env python3
"""What the modules of a runtime get by VirtualAlloc is in the books: under hostmem-run none of their calls
reaches Windows but through hostmem. Wine's trace of calls ("+relay") tells who calls. Exit code 77: skipped."""

import argparse
import bisect
import os
import pathlib
import re
import struct
import subprocess
import sys

LOADED = re.compile(r'^([0-9a-f]+):trace:loaddll:build_module Loaded L"(.*)" at ([0-9A-Fa-f]+)', re.MULTILINE)
CALL = re.compile(r"^([0-9a-f]+):Call (?:KERNEL32|KERNELBASE)\.VirtualAlloc\(.* ret=([0-9a-f]+)", re.MULTILINE)
LEAST = 50  # calls of VirtualAlloc that a runtime makes at least


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


def image_size(path):
    with open(path, "rb") as image:
        header = image.read(4096)
    return struct.unpack_from("<I", header, struct.unpack_from("<I", header, 0x3C)[0] + 0x50)[0]


def host_path(name):
    """The file of a module that Wine names; None: it is one of Wine's own."""
    name = name.replace("\\\\", "\\")
    return pathlib.Path(name[2:].replace("\\", "/")) if name[:2].upper() == "Z:" else None


def calls_by_module(wine, runtime, command):
    """How often each module, by its file's name, called VirtualAlloc of Windows."""
    environment = {**os.environ, "WINEDEBUG": "-all,+relay,+loaddll", "DOTNET_ROOT": windows_path(runtime),
                   "DOTNET_PELoader_DisableMapping": "1"}
    done = subprocess.run([*wine, *command], env=environment, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    trace = done.stderr.decode(errors="replace")
    if done.returncode or b"all right" not in done.stdout:
        sys.exit(f"{command} ended with {done.returncode} and said {done.stdout[-500:]!r}")
    loaded = LOADED.findall(trace)
    # hostmem-run is another process, and its modules may lie where the program's do. It has one thread.
    runner = {thread for thread, name, _ in loaded if name.endswith("\\hostmem-run.exe")}
    modules = []
    for thread, name, base in loaded:
        path = host_path(name)
        if thread not in runner and path and path.is_file():
            modules.append((int(base, 16), image_size(path), path.name))
    modules.sort()
    counts = {}
    for address in (int(text, 16) for thread, text in CALL.findall(trace) if thread not in runner):
        at = bisect.bisect_right(modules, (address, sys.maxsize)) - 1
        inside = at >= 0 and address - modules[at][0] < modules[at][1]
        name = modules[at][2] if inside else "(others)"
        counts[name] = counts.get(name, 0) + 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wine", required=True)
    for name in ("hostmem-run", "runtime", "program"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    parser.add_argument("--module", action="append", required=True, help="a module whose calls must be seen")
    options = parser.parse_args()
    if not options.program.is_file() or not options.runtime.is_dir():
        print(f"Skipped: there is no {options.program} or no {options.runtime}.")
        sys.exit(77)
    wine = ["sh", options.wine]
    subprocess.run([*wine, "reg", "add", r"HKCU\Software\Wine\Debug", "/v", "RelayInclude", "/t", "REG_SZ", "/d",
                    "kernel32.VirtualAlloc;kernelbase.VirtualAlloc", "/f"], check=True, stdout=subprocess.DEVNULL)
    program = windows_path(options.program)
    without = calls_by_module(wine, options.runtime, [program])
    hosted = calls_by_module(wine, options.runtime, [windows_path(options.hostmem_run), program])
    print(f"calls of VirtualAlloc without hostmem: {without}")
    print(f"calls of VirtualAlloc under hostmem-run: {hosted}")
    before = sum(without.get(name, 0) for name in options.module)
    unseen = sum(hosted.get(name, 0) for name in options.module)
    seen = hosted.get("hostmem-agent.dll", 0)
    if before < LEAST:
        sys.exit(f"without hostmem {options.module} called only {before} times: the trace does not show them")
    if unseen:
        sys.exit(f"under hostmem-run {options.module} called Windows {unseen} times")
    if seen < before // 2:
        sys.exit(f"hostmem called {seen} times for {before} calls")


if __name__ == "__main__":
    main()
