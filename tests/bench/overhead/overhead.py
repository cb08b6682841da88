#!/usr/bin/env python3
"""What hostmem costs whole programs: runs each under hostmem-run and without it, in pairs, and compares the
processor time of all processes that a run starts, Wine's server included."""

import argparse
import ctypes
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36

# Two-sided 95 % points of Student's t distribution, by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
           10: 2.228, 11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110,
           18: 2.101, 19: 2.093, 20: 2.086, 24: 2.064, 29: 2.045, 39: 2.023, 59: 2.001, 10**9: 1.960}


class Failed(Exception):
    """A run that did not do what it should."""


def windows_path(path):
    return "Z:" + str(path).replace("/", "\\")


def generated_source(lines):
    """A C# program of about so many lines: classes with methods, generics, closures and queries."""
    out = ["using System; using System.Linq; using System.Collections.Generic;", "namespace Generated {"]
    number = 0
    while len(out) < lines - 8:
        out += [
            f"class C{number}<T> where T : IComparable<T> {{",
            "    readonly List<T> items = new List<T>();",
            "    public void Add(T item) { items.Add(item); }",
            "    public T Most() => items.OrderByDescending(i => i).First();",
            f"    public int Count{number}(Func<T, bool> wanted) {{",
            "        int count = 0;",
            "        foreach (T item in items)",
            "            if (wanted(item)) count++;",
            f"        return count + {number};",
            "    }",
            "    public string Say(string name) {",
            f"        switch (name.Length % 3) {{ case 0: return $\"{{name}} {number}\"; case 1: return name; }}",
            "        return string.Join(\", \", items.Select(i => i.ToString()).Where(s => s != name));",
            "    }",
            "}",
        ]
        number += 1
    out += ["static class Program {", "    static int Main() {", "        var c = new C0<int>(); c.Add(42);",
            "        Console.WriteLine(c.Most());", "        return 0;", "    }", "}", "}"]
    return "\n".join(out) + "\n"


class Compile:
    """Roslyn compiles a generated program."""

    name = "compile"

    def __init__(self, options):
        self.what = f"Roslyn (csc) compiles {options.lines:,} lines"
        self.directory = options.work
        self.source = self.directory / "Generated.cs"
        self.source.write_text(generated_source(options.lines))
        self.output = self.directory / "Generated.dll"
        framework = next(options.runtime.glob("shared/Microsoft.NETCore.App/*"))
        references = ["-r:" + windows_path(framework / f"{name}.dll") for name in
                      ("System.Runtime", "System.Console", "System.Linq", "System.Collections",
                       "System.Private.CoreLib")]
        self.command = [windows_path(options.runtime / "dotnet.exe"), windows_path(options.compiler), "-nologo",
                        "-deterministic", "-optimize+", "-out:" + windows_path(self.output), *references,
                        windows_path(self.source)]
        self.bytes = None

    def run(self, prefix):
        self.output.unlink(missing_ok=True)
        # Wine 8 does not run the compiler with the runtime's write-xor-execute mappings: with and without
        # hostmem it ends in an internal error of the runtime's.
        done = subprocess.run([*prefix, *self.command], stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, env={**os.environ, "DOTNET_EnableWriteXorExecute": "0"})
        if done.returncode or not self.output.is_file():
            raise Failed(f"the compiler ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]!r}")
        compiled = self.output.read_bytes()
        if self.bytes not in (None, compiled):
            raise Failed("the compiler did not write the same bytes as before")
        self.bytes = compiled


class Requests:
    """azmcp answers requests on its standard input."""

    name = "requests"

    def __init__(self, options):
        self.count = options.requests
        self.what = f"azmcp answers {self.count:,} requests"
        self.command = [windows_path(options.azmcp), "server", "start"]
        self.answers = None

    def say(self, number):
        if number == 0:
            return {"jsonrpc": "2.0", "id": 0, "method": "initialize",
                    "params": {"protocolVersion": "2024-11-05", "capabilities": {},
                               "clientInfo": {"name": "overhead", "version": "1"}}}
        return {"jsonrpc": "2.0", "id": number, "method": ("tools/list", "ping")[number % 2]}

    def run(self, prefix):
        answers = []
        with subprocess.Popen([*prefix, *self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE if prefix[-1].endswith(".exe") else subprocess.DEVNULL,
                              text=True) as process:
            for number in range(self.count):
                process.stdin.write(json.dumps(self.say(number)) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    raise Failed(f"no answer to request {number}; azmcp ended with {process.wait()}")
                answer = json.loads(line)
                if answer.get("id") != number or "result" not in answer:
                    raise Failed(f"a wrong answer to request {number}: {line[:200]}")
                answers.append(answer["result"])
            process.stdin.close()
            if process.stderr:
                process.stderr.read()
            process.wait()
        if self.answers not in (None, answers):
            raise Failed("the answers are not the same as before")
        self.answers = answers


def reap(wine_server):
    """Ends Wine, and waits for every process that the run left."""
    subprocess.run([wine_server, "-w"], check=False, timeout=120)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def processor_time(workload, prefix, wine_server):
    before, started = os.times(), time.monotonic()
    workload.run(prefix)
    elapsed = time.monotonic() - started
    reap(wine_server)
    after = os.times()
    spent = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return spent, elapsed


def interval(ratios):
    """The geometric mean of the ratios, and its 95 % interval."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    if len(logs) < 2:
        return math.exp(mean), 0.0, math.inf
    degrees = max(d for d in STUDENT if d <= len(logs) - 1)
    half = STUDENT[degrees] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def compare(workload, options):
    pairs = []
    plain, hosted = [options.wine], [options.wine, windows_path(options.hostmem_run), *options.option]
    for _ in range(2):  # whatever the first run of either has to make
        processor_time(workload, plain, options.wine_server)
        processor_time(workload, hosted, options.wine_server)
    for number in range(options.pairs):
        order = ("plain", "hosted") if number % 2 == 0 else ("hosted", "plain")
        pair = {}
        for which in order:
            pair[which] = processor_time(workload, plain if which == "plain" else hosted, options.wine_server)
        pairs.append(pair)
        if sys.stderr.isatty():
            print(f"\r{workload.name}: {number + 1} of {options.pairs} pairs", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    result = {"workload": workload.what, "pairs": options.pairs}
    for index, figure in enumerate(("processor_time", "elapsed_time")):
        ratio, low, high = interval([pair["hosted"][index] / pair["plain"][index] for pair in pairs])
        result[figure] = {
            "without_seconds": statistics.median(pair["plain"][index] for pair in pairs),
            "with_seconds": statistics.median(pair["hosted"][index] for pair in pairs),
            "ratio": ratio, "ratio_low": low, "ratio_high": high,
        }
    return result


def show(result):
    print(f"{result['workload']}, {result['pairs']} pairs")
    for figure in ("processor_time", "elapsed_time"):
        figures = result[figure]
        print(f"  {figure.replace('_', ' '):15} {figures['without_seconds']:7.3f} s without, "
              f"{figures['with_seconds']:7.3f} s with hostmem-run; ratio {figures['ratio']:.3f} "
              f"(95 %: {figures['ratio_low']:.3f} to {figures['ratio_high']:.3f})")


def main():
    parser = argparse.ArgumentParser(prog="overhead", description=__doc__)
    parser.add_argument("--pairs", type=int, default=30, help="how many pairs of runs (30)")
    parser.add_argument("--lines", type=int, default=20000, help="how long the compiled program is (20000)")
    parser.add_argument("--requests", type=int, default=2000, help="how many requests azmcp answers (2000)")
    parser.add_argument("--only", choices=("compile", "requests"), help="one workload instead of both")
    parser.add_argument("--option", action="append", default=[], help="an option of hostmem-run's; may be repeated")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    for name in ("wine", "wine-server"):
        parser.add_argument(f"--{name}", required=True, help=argparse.SUPPRESS)
    for name in ("hostmem-run", "runtime", "compiler", "azmcp", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pairs < 1 or options.requests < 1 or options.lines < 100:
        parser.error("at least 1 pair, 1 request and 100 lines are wanted")

    # Whoever loses its parent becomes a child of this process, so that its time counts, too.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("overhead: the kernel has no subreapers")
    try:
        reap(options.wine_server)
        results = [compare(workload(options), options) for workload in (Compile, Requests)
                   if options.only in (None, workload.name)]
    except Failed as error:
        sys.exit(f"overhead: {error}")
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        for result in results:
            show(result)


if __name__ == "__main__":
    main()
