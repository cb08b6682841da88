#!/usr/bin/env python3
"""What hostmem costs whole programs: runs each under hostmem-run and without it, in pairs, and compares the
processor time of all processes that a run starts, Wine's server included. Interrupted (Ctrl+C), it shows what
it has."""

import argparse
import ctypes
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36

# Two-sided 95 % points of Student's t distribution, by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
           10: 2.228, 11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110,
           18: 2.101, 19: 2.093, 20: 2.086, 24: 2.064, 29: 2.045, 39: 2.023, 59: 2.001, 10**9: 1.960}


class Failed(Exception):
    """A run that did not do what it should."""


def check_report(report):
    """The report of hostmem-run: its audit must have compared everything, and have found no difference."""
    verdict = [line for line in report.splitlines() if line.startswith("Audit: ")]
    if len(verdict) != 1 or not verdict[0].startswith("Audit: no difference (") or "not compared" in verdict[0] \
            or "were changing" in verdict[0]:
        raise Failed(f"the audit is not complete and without difference: {verdict or report[-1000:]}")


def is_hosted(prefix):
    return len(prefix) > 1


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
        # The one program that does not run with the runtime's own setting. Under Wine 8, with hostmem and without
        # it, the finalizer thread ends the compiler by an internal error of the runtime's (0x80131506, in
        # DynamicResolver.DestroyScout) when W^X is on.
        done = subprocess.run([*prefix, *self.command], stdin=subprocess.DEVNULL, capture_output=True,
                              check=False, env={**os.environ, "DOTNET_EnableWriteXorExecute": "0"})
        if done.returncode or not self.output.is_file():
            raise Failed(f"the compiler ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]!r}")
        compiled = self.output.read_bytes()
        if self.bytes not in (None, compiled):
            raise Failed("the compiler did not write the same bytes as before")
        self.bytes = compiled
        if is_hosted(prefix):
            check_report(done.stderr.decode())


class Collect:
    """The server collector, one heap a processor, with several threads that allocate."""

    name = "collect"

    def __init__(self, options):
        self.what = f"the server collector of .NET 10, {options.threads} threads, {options.rounds:,} rounds"
        self.command = [windows_path(options.runtime / "dotnet.exe"), windows_path(options.collector),
                        str(options.threads), str(options.rounds)]
        self.answer = None

    def run(self, prefix):
        done = subprocess.run([*prefix, *self.command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, env={**os.environ, "DOTNET_gcServer": "1"})
        if done.returncode or self.answer not in (None, done.stdout):
            raise Failed(f"the program ended with {done.returncode}, and said {done.stdout!r}: "
                         f"{done.stderr[-1000:]}")
        self.answer = done.stdout
        if is_hosted(prefix):
            check_report(done.stderr)


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
        with tempfile.TemporaryFile("w+") as said, \
             subprocess.Popen([*prefix, *self.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=said, text=True) as process:
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
            process.wait()
            said.seek(0)
            if is_hosted(prefix):
                check_report(said.read())
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


class Pairs:
    """The pairs of one workload that have been measured, in a file too if one is named."""

    def __init__(self, workload, options):
        self.what = workload.what + "".join(f" {option}" for option in options.option)
        self.file = options.checkpoint
        self.pairs = []
        if self.file and self.file.is_file():
            lines = [json.loads(line) for line in self.file.read_text().splitlines()]
            self.pairs = [line["pair"] for line in lines if line["workload"] == self.what]

    def add(self, pair):
        self.pairs.append(pair)
        if self.file:
            with self.file.open("a") as out:
                out.write(json.dumps({"workload": self.what, "pair": pair}) + "\n")


def measure(workload, options):
    """Measures pairs until there are as many as are wanted, or as this call is to add."""
    pairs = Pairs(workload, options)
    plain, hosted = [options.wine], [options.wine, windows_path(options.hostmem_run), *options.option]
    left = max(min(options.pairs - len(pairs.pairs), options.more), 0)
    try:
        for _ in range(2 if left and not pairs.pairs else 0):  # whatever the first run of either has to make
            processor_time(workload, plain, options.wine_server)
            processor_time(workload, hosted, options.wine_server)
        for number in range(len(pairs.pairs), len(pairs.pairs) + left):
            pair = {}
            for which in ("plain", "hosted") if number % 2 == 0 else ("hosted", "plain"):
                pair[which] = processor_time(workload, plain if which == "plain" else hosted, options.wine_server)
            pairs.add(pair)
            if sys.stderr.isatty():
                print(f"\r{workload.name}: {number + 1} of {options.pairs} pairs", end="", file=sys.stderr)
    except KeyboardInterrupt:
        options.more = 0  # of the other workloads too
        reap(options.wine_server)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return pairs


def compare(workload, options):
    """What is known of a workload; None: nothing."""
    measured = measure(workload, options)
    pairs = measured.pairs
    if not pairs:
        return None
    result = {"workload": measured.what, "pairs": len(pairs)}
    for index, figure in enumerate(("processor_time", "elapsed_time")):
        ratio, low, high = interval([pair["hosted"][index] / pair["plain"][index] for pair in pairs])
        result[figure] = {
            "without_seconds": statistics.median(pair["plain"][index] for pair in pairs),
            "with_seconds": statistics.median(pair["hosted"][index] for pair in pairs),
            "ratio": ratio, "ratio_low": low, "ratio_high": high,
        }
    return result


def show(result):
    print(f"{result['workload']}, {result['pairs']} pair{'s' if result['pairs'] > 1 else ''}")
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
    parser.add_argument("--threads", type=int, default=4, help="how many threads give the collector work (4)")
    parser.add_argument("--rounds", type=int, default=6000, help="how much each of them allocates (6000)")
    parser.add_argument("--only", choices=("compile", "requests", "collect"), action="append",
                        help="this workload and no other; may be repeated")
    parser.add_argument("--checkpoint", type=pathlib.Path, metavar="FILE",
                        help="keep each pair in FILE, and count those that are there already")
    parser.add_argument("--more", type=int, default=10**9, metavar="N",
                        help="with it: measure N pairs at most now (0: show what there is)")
    parser.add_argument("--option", action="append", default=[], help="an option of hostmem-run's; may be repeated")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    for name in ("wine", "wine-server"):
        parser.add_argument(f"--{name}", required=True, help=argparse.SUPPRESS)
    for name in ("hostmem-run", "runtime", "compiler", "azmcp", "collector", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if min(options.pairs, options.requests, options.threads, options.rounds) < 1 or options.lines < 100:
        parser.error("at least 1 pair, 1 request, 1 thread, 1 round and 100 lines are wanted")

    # Whoever loses its parent becomes a child of this process, so that its time counts, too.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("overhead: the kernel has no subreapers")
    try:
        reap(options.wine_server)
        results = [compare(workload(options), options) for workload in (Compile, Requests, Collect)
                   if not options.only or workload.name in options.only]
        results = [result for result in results if result]
    except Failed as error:
        sys.exit(f"overhead: {error}")
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        for result in results:
            show(result)


if __name__ == "__main__":
    main()
