"""The arguments of ./demo.sh, which explains them. What is wrong with one is said with its name, the value seen and what is accepted."""
import argparse
import os
import pathlib
import re

import books
import schedule

EXAMPLE = pathlib.Path(__file__).resolve().parent


def read(arguments=None):
    parser = argparse.ArgumentParser(prog="demo.sh", usage="see ./demo.sh --help", add_help=False)
    parser.add_argument("--transfers")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--chaos", default="0")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--timeout", default="5m")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--concurrent", action="store_true")
    parser.add_argument("--false-acks", action="store_true")
    parser.add_argument("--without-token", action="store_true")
    parser.add_argument("--without-require-step", action="store_true")
    options = parser.parse_args(arguments)
    options.seed = whole(parser, "--seed", options.seed, 0, "")
    if options.transfers is not None:
        options.transfers = whole(parser, "--transfers", options.transfers, 1, "")
    count = options.transfers or len(books.read_transfers(EXAMPLE / "transfers.csv"))
    options.chaos = whole(parser, "--chaos", options.chaos, 0, f", at most one fault per {schedule.TRANSFERS_A_FAULT} transfers", count // schedule.TRANSFERS_A_FAULT)
    if options.false_acks and options.chaos == 0:
        wrong(parser, "--false-acks", "given without --chaos", "--chaos K too: an app must be killed while its sidecar calls it")
    options.timeout = seconds(parser, "--timeout", options.timeout)
    caller = pathlib.Path(os.environ.get("DARQ_DEMO_CALLER", "."))  # demo.sh goes to its own folder.
    if options.json is not None:
        options.json = caller / options.json
        if options.json.is_dir() or not options.json.parent.is_dir():
            wrong(parser, "--json", options.json, "a file in a folder that exists")
    if options.keep is not None:
        options.keep = caller / options.keep
        if options.keep.exists() and (not options.keep.is_dir() or any(options.keep.iterdir())):
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


if __name__ == "__main__":
    read()
