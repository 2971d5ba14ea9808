#!/usr/bin/env python3
"""Makes up transfers between accounts: the same seed gives the same file.

    generate.py --transfers N [--seed S] [--accounts A] > transfers.csv
"""
import argparse
import csv
import datetime
import random
import sys


def transfers(count, seed, accounts=200):
    chance = random.Random(seed)
    names = [f"A{number:04d}" for number in range(1, accounts + 1)]
    # A few accounts take part far more often than the others, as in a real bank, so that steps meet on one account.
    weights = [1 / (1 + rank * 0.05) for rank in range(accounts)]
    time = datetime.datetime(2026, 1, 5, 8, 0, tzinfo=datetime.timezone.utc)
    for number in range(1, count + 1):
        debtor = chance.choices(names, weights)[0]
        creditor = debtor
        while creditor == debtor:
            creditor = chance.choices(names, weights)[0]
        cents = max(1, round(chance.lognormvariate(8.5, 1.2)))
        time += datetime.timedelta(seconds=chance.randint(0, 20))
        yield {
            "id": f"T{number:06d}",
            "from": debtor,
            "to": creditor,
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "currency": "EUR",
            "time": time.isoformat().replace("+00:00", "Z"),
        }


def write(file, rows):
    writer = csv.DictWriter(file, ["id", "from", "to", "amount", "currency", "time"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description="Makes up transfers between accounts.")
    parser.add_argument("--transfers", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=200)
    arguments = parser.parse_args()
    write(sys.stdout, transfers(arguments.transfers, arguments.seed, arguments.accounts))


if __name__ == "__main__":
    main()
