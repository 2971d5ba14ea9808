"""The arguments of ./demo.sh. What is wrong with one is said with its name, the value seen and what is accepted."""
import argparse
import pathlib
import re

import books
import schedule

EXAMPLE = pathlib.Path(__file__).resolve().parent


def read(arguments=None):
    parser = argparse.ArgumentParser(prog="demo.sh", description="Bank transfers, each one atomic step.")
    parser.add_argument("--transfers", metavar="N", help="make up N transfers instead of reading transfers.csv")
    parser.add_argument("--seed", metavar="S", default="1", help="which transfers and which faults (default 1)")
    parser.add_argument("--chaos", metavar="K", default="0", help="let K faults happen: apps, pods and Redis are killed, pods paused")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write the numbers there")
    parser.add_argument("--timeout", metavar="TIME", default="5m", help="end the run then and say what is missing (default 5m)")
    parser.add_argument("--keep", metavar="FOLDER", type=pathlib.Path, help="keep all logs and the data of Redis there")
    parser.add_argument("--without-token", action="store_true", help="leave the token out of the steps, to see what it is for; ends with 1")
    options = parser.parse_args(arguments)
    options.seed = whole(parser, "--seed", options.seed, 0, "")
    if options.transfers is not None:
        options.transfers = whole(parser, "--transfers", options.transfers, 1, "")
    count = options.transfers or len(books.read_transfers(EXAMPLE / "transfers.csv"))
    options.chaos = whole(parser, "--chaos", options.chaos, 0, f", at most one fault per {schedule.TRANSFERS_A_FAULT} transfers", count // schedule.TRANSFERS_A_FAULT)
    options.timeout = seconds(parser, "--timeout", options.timeout)
    if options.json is not None and not options.json.resolve().parent.is_dir():
        wrong(parser, "--json", options.json, "a file in a folder that exists")
    if options.keep is not None and options.keep.exists() and (not options.keep.is_dir() or any(options.keep.iterdir())):
        wrong(parser, "--keep", options.keep, "a folder that is empty or does not exist yet")
    return options


def whole(parser, name, text, least, remark, most=10_000_000):
    if not re.fullmatch(r"\d{1,9}", text) or not least <= int(text) <= most:
        wrong(parser, name, text, f"a whole number from {least:,} to {most:,}{remark}")
    return int(text)


def seconds(parser, name, text):
    found = re.fullmatch(r"([1-9]\d{0,5})(s|m|)", text)
    if found is None:
        wrong(parser, name, text, "seconds or minutes such as 90, 90s or 5m")
    return int(found[1]) * (60 if found[2] == "m" else 1)


def wrong(parser, name, value, accepted):
    parser.error(f"{name} is '{value}'; accepted: {accepted}")
