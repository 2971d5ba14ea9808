"""The books as they must be: read from the file of transfers alone, without Redis, sidecar or any app."""
import collections
import csv

OPENING_CENTS = 1_000_000  # Every account opens with 10,000.00.


def cents(amount):
    """'12.34' as 1234, without floating point."""
    whole, _, fraction = amount.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def read_transfers(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [row | {"cents": cents(row["amount"])} for row in csv.DictReader(file)]


def balances_after(transfers):
    balances = collections.defaultdict(lambda: OPENING_CENTS)
    for transfer in transfers:
        balances[transfer["from"]] -= transfer["cents"]
        balances[transfer["to"]] += transfer["cents"]
    return dict(balances)


def money(amount):
    return f"{amount / 100:,.2f}"
