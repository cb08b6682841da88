#!/usr/bin/env python3
"""What the tests ran of src/: one figure for lines and one for branches, and what they left out.

Usage: report.py SOURCE_ROOT SIDE JSON

SIDE is "core" (built natively) or "PE" (built for Windows, run under Wine); JSON is what
gcovr --json wrote. Every line of which a branch was left out must stand in uncovered-SIDE.txt, with
the reason; those that do not are told. Fails if less than 95 percent of the lines ran.
"""
import json
import pathlib
import sys

LEAST_PERCENT = 95
# Only what both sides have is told of by the side that it is written for.
CORE = ("src/budget/", "src/counters/", "src/pages/", "src/heap/", "src/os/os.h")


def is_listed_by(side, path):
    return path.startswith(CORE) == (side == "core")


def load_list(path):
    """The lines that are known to be left out: {(file, text): reason}."""
    known = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            reason, file, text = line.split(" ", 2)
            known[file, text] = reason
    return known


def counts(lines):
    branches = [branch for line in lines for branch in line["branches"]]
    return (
        sum(line["count"] > 0 for line in lines),
        len(lines),
        sum(branch["count"] > 0 for branch in branches),
        len(branches),
    )


def left_out(files, root):
    """(file, text) of each line that did not run, or of which a branch was not taken."""
    for file in files:
        source = (root / file["file"]).read_text().splitlines()
        for line in file["lines"]:
            if line["count"] == 0 or any(b["count"] == 0 for b in line["branches"]):
                yield file["file"], source[line["line_number"] - 1].strip()


def main():
    root, side, report = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    files = json.loads(pathlib.Path(report).read_text())["files"]
    for file in files:
        file["lines"] = [line for line in file["lines"] if not line.get("gcovr/noncode")]
    lines_run, lines, branches_run, branches = counts([l for f in files for l in f["lines"]])
    known = load_list(root / "tests" / "coverage" / f"uncovered-{side}.txt")
    own = [file for file in files if is_listed_by(side, file["file"])]
    missing = set(left_out(own, root))
    unknown = sorted(missing - known.keys())

    print(
        f"coverage of the {side}: {100 * lines_run / lines:.1f} % of {lines} lines,"
        f" {100 * branches_run / branches:.1f} % of {branches} branches;"
        f" {len(missing)} lines with branches left out, {len(unknown)} of them not listed"
    )
    for file, text in unknown:
        print(f"  not listed: {file} {text}")
    if 100 * lines_run < LEAST_PERCENT * lines:
        print(f"too little: {LEAST_PERCENT} % of the lines are to run")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
