#!/usr/bin/env python3
"""Counts the tests of a run from its TRX files and decides whether the run passed.

    count.py [--partial lane|name] [--check NAME=EXIT_CODE]... RESULTS_FOLDER PROJECT=EXIT_CODE...

The summary that `dotnet test` prints is not trusted. Each project that was started has to leave a complete TRX file with at least one
result, must not have been aborted, and its exit code has to fit its results; a file of another name fails the run as well. In a run of
tests chosen by name a project may have none that match. A check is a further command of the run that is no test project; it has to
return 0.
"""
import argparse
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

SPACE = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
KNOWN = {"Passed": "passed", "Failed": "failed", "NotExecuted": "skipped"}

# What the runner notes in a file. A host that hangs is ended and then said to have crashed; one that crashed may be waited for until
# its time is over. So both notes may be there for either.
ABORTED = "The active test run was aborted"
SILENT = "The specified inactivity time of "
NO_MATCH = "No test matches the given testcase filter"


def read_run(path):
    """The results of one file as (outcome, name, message), what is wrong with the run, and whether its filter matched nothing."""
    if not path.is_file():
        return [], ["has no TRX file"], False
    try:
        run = xml.parse(path).getroot()
    except xml.ParseError as error:
        return [], [f"has a TRX file that is cut off ({error})"], False
    results = [read_result(result) for result in run.iterfind("t:Results/t:UnitTestResult", SPACE)]
    summary = run.find("t:ResultSummary", SPACE)
    if summary is None:
        return results, ["has a TRX file without a summary"], False
    notes = [(note.get("outcome"), note.findtext("t:Text", "", SPACE).strip()) for note in summary.iterfind("t:RunInfos/t:RunInfo", SPACE)]
    wrong = [fault for fault in (read_note(*note) for note in notes) if fault]
    outcome = summary.get("outcome")
    if outcome == "Aborted":
        wrong.append("was aborted")
    elif outcome not in ("Completed", "Failed"):
        wrong.append(f"ended with the outcome {outcome}")
    elif outcome == "Failed" and not wrong and all(result[0] != "Failed" for result in results):
        wrong.append("ended with the outcome Failed, and none of its tests did")
    counters = summary.find("t:Counters", SPACE)
    if counters is not None and int(counters.get("total", "0")) != len(results):
        wrong.append(f"says {counters.get('total')} tests and holds {len(results)}")
    return results, wrong, any(text.startswith(NO_MATCH) for _, text in notes)


def read_note(outcome, text):
    """What a note of the runner says against the run; None for one that says nothing against it."""
    line = re.sub(r"^\[xUnit\.net [\d:.]+\]\s*", "", text.partition("\n")[0])
    if text.startswith(ABORTED) or outcome == "Aborted":
        return f"was aborted ({line})"
    if SILENT in line:
        return f"was silent for too long ({line[line.index(SILENT):].partition('.')[0]})"
    # The runner notes each failed test as well; those are counted as what they are.
    if outcome == "Error" and not text.endswith("[FAIL]"):
        return f"ended with an error ({line})"
    return None


def read_result(result):
    message = result.findtext("t:Output/t:ErrorInfo/t:Message", None, SPACE) or result.findtext("t:Output/t:StdOut", "", SPACE)
    return result.get("outcome", "none"), result.get("testName", "without a name"), message.strip()


def judge_project(path, code, named):
    results, wrong, matched_nothing = read_run(path)
    if not results and not wrong and not (named and matched_nothing):
        wrong.append("ran no tests")
    failed = any(outcome == "Failed" for outcome, _, _ in results)
    if code not in (0, 1) or code == 0 and failed or code == 1 and not failed and not wrong:
        wrong.append(f"returned {code} although its results say {int(failed)}")
    return results, wrong


def judge(results_folder, exit_codes, partial):
    counts = dict.fromkeys(KNOWN.values(), 0)
    wrong, details = [], []
    for project, code in exit_codes:
        results, faults = judge_project(results_folder / f"{project}.trx", code, partial == "name")
        wrong += [f"{project} {fault}" for fault in faults]
        for outcome, name, message in results:
            kind = KNOWN.get(outcome)
            if kind is None:
                wrong.append(f"{name} has the outcome {outcome}")
                continue
            counts[kind] += 1
            if kind != "passed":
                details.append((kind, name, message))
    started = {project for project, _ in exit_codes}
    wrong += [f"{path.name} is of no project that was started" for path in sorted(results_folder.glob("*.trx")) if path.stem not in started]
    if counts["failed"]:
        wrong.append(f"{counts['failed']} failed")
    if not exit_codes:
        wrong.append("there are no test projects")
    if not counts["passed"] and not wrong:
        wrong.append("nothing passed")
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
    parser.add_argument("--partial", choices=("lane", "name"))
    parser.add_argument("--check", action="append", default=[], metavar="NAME=EXIT_CODE")
    parser.add_argument("projects", nargs="*", metavar="PROJECT=EXIT_CODE")
    arguments = parser.parse_args()
    exit_codes = [(name, int(code)) for name, code in (project.split("=") for project in arguments.projects)]
    counts, wrong, details = judge(arguments.results, exit_codes, arguments.partial)
    wrong += [f"the check of the {name} returned {code}" for name, code in (check.split("=") for check in arguments.check) if code != "0"]
    report(counts, wrong, details, arguments.partial)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
