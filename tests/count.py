#!/usr/bin/env python3
"""Counts the tests of a run from its TRX files and decides whether the run passed.

    count.py --minimum FILE [--partial] [--check NAME=EXIT_CODE]... RESULTS_FOLDER PROJECT=EXIT_CODE...

The summary that `dotnet test` prints is not trusted: only results that are in a complete file count, and whatever is
missing, cut off or of an unknown outcome fails the run. A partial run (a filter was given) may leave projects without
tests and is not held against the minimum. A check is a further command of the run that is no test project; it has to return 0.
"""
import argparse
import pathlib
import sys
import xml.etree.ElementTree as xml

SPACE = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
KNOWN = {"Passed": "passed", "Failed": "failed", "NotExecuted": "skipped"}


def read_results(path):
    """The results of one file as (outcome, name, message), and what is wrong with the file itself."""
    if not path.is_file():
        return [], ["has no TRX file"]
    try:
        run = xml.parse(path).getroot()
    except xml.ParseError as error:
        return [], [f"has a TRX file that is cut off ({error})"]
    wrong = []
    summary = run.find("t:ResultSummary", SPACE)
    outcome = "missing" if summary is None else summary.get("outcome")
    if outcome not in ("Completed", "Failed"):
        wrong.append(f"was aborted (outcome {outcome})")
    for info in run.iterfind("t:ResultSummary/t:RunInfos/t:RunInfo", SPACE):
        text = info.findtext("t:Text", "", SPACE).strip()
        # The runner notes each failed test here as well; those are counted as what they are.
        if "aborted" in text or info.get("outcome") in ("Error", "Aborted") and "[FAIL]" not in text:
            wrong.append(f"was aborted ({text})")
    results = [read_result(result) for result in run.iterfind("t:Results/t:UnitTestResult", SPACE)]
    counters = run.find("t:ResultSummary/t:Counters", SPACE)
    if counters is not None and int(counters.get("total", "0")) != len(results):
        wrong.append(f"says {counters.get('total')} tests and holds {len(results)}")
    return results, wrong


def read_result(result):
    message = result.findtext("t:Output/t:ErrorInfo/t:Message", None, SPACE) or result.findtext("t:Output/t:StdOut", "", SPACE)
    return result.get("outcome", "none"), result.get("testName", "without a name"), message.strip()


def judge(results_folder, exit_codes, minimum, partial):
    counts = dict.fromkeys(KNOWN.values(), 0)
    wrong, details = [], []
    for project, code in exit_codes:
        results, faults = read_results(results_folder / f"{project}.trx")
        if partial and faults == ["has no TRX file"] and code == 0:
            faults = []  # A filter that matches nothing in a project leaves no file.
        wrong += [f"{project} {fault}" for fault in faults]
        if code != 0:
            wrong.append(f"{project} returned {code}")
        if not results and not faults and not partial:
            wrong.append(f"{project} ran no tests")
        for outcome, name, message in results:
            kind = KNOWN.get(outcome)
            if kind is None:
                wrong.append(f"{name} has the outcome {outcome}")
                continue
            counts[kind] += 1
            if kind != "passed":
                details.append((kind, name, message))
    if counts["failed"]:
        wrong.append(f"{counts['failed']} failed")
    if not exit_codes:
        wrong.append("there are no test projects")
    if partial and not counts["passed"] and not wrong:
        wrong.append("nothing passed")
    if not partial and counts["passed"] < minimum:
        wrong.append(f"{counts['passed']} passed, tests/minimum asks for {minimum}")
    return counts, wrong, details


def report(counts, wrong, details, partial):
    for kind in ("skipped", "failed"):
        for _, name, message in sorted(detail for detail in details if detail[0] == kind):
            print(f"{kind}: {name}")
            print("".join(f"    {line}\n" for line in message.splitlines()), end="")
    for fault in wrong:
        print(f"not passed: {fault}")
    if partial:
        print("This was a partial run.")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")


def main():
    parser = argparse.ArgumentParser(description="Counts the tests of a run from its TRX files.")
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--minimum", type=pathlib.Path, required=True)
    parser.add_argument("--partial", action="store_true")
    parser.add_argument("--check", action="append", default=[], metavar="NAME=EXIT_CODE")
    parser.add_argument("projects", nargs="*", metavar="PROJECT=EXIT_CODE")
    arguments = parser.parse_args()
    exit_codes = [(name, int(code)) for name, code in (project.split("=") for project in arguments.projects)]
    minimum = int(arguments.minimum.read_text())
    counts, wrong, details = judge(arguments.results, exit_codes, minimum, arguments.partial)
    wrong += [f"the check of the {name} returned {code}" for name, code in (check.split("=") for check in arguments.check) if code != "0"]
    report(counts, wrong, details, arguments.partial)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
