"""What Redis itself counted, read with redis-cli behind the back of every component, and the verdict on the books."""
import os
import subprocess

import books

NAMESPACE = "darq"
PARTITIONS = 64


def audit(redis_port):
    """The counters of all partitions, summed: appended transfers, suppressed duplicates, steps of the ledger."""
    commands = []
    for partition in range(PARTITIONS):
        tag = f"{{{NAMESPACE}:{partition}}}"
        commands.append(f'HMGET "{tag}:n:transfers" s dup')
        commands.append(f'HMGET "{tag}:l:ledger:transfers" c c')
    answer = subprocess.run(
        [os.environ.get("DARQ_REDIS_CLI", "redis-cli"), "-p", str(redis_port)], input="\n".join(commands) + "\n",
        capture_output=True, text=True, check=True).stdout.splitlines()
    numbers = [int(line or 0) for line in answer]
    return {"appended": sum(numbers[0::4]), "duplicates": sum(numbers[1::4]), "steps": sum(numbers[2::4])}


def read_balances(sidecar, accounts):
    balances = {}
    for start in range(0, len(accounts), 100):
        found = sidecar.read_state("ledger", accounts[start:start + 100])
        balances.update((account, balance) for account, (balance, _) in found.items())
    return balances


def differences(transfers, teller, counted, receipts, balances):
    """Every way in which the outcome differs from the file, as sentences; none if the books balance."""
    expected = books.balances_after(transfers)
    ids = {transfer["id"]: transfer["amount"] for transfer in transfers}
    got = receipts["receipts"]
    yield from compare("transfers published", 2 * len(transfers), teller["published"])
    yield from compare("transfers in the log", len(transfers), counted["appended"])
    yield from compare("steps that took effect", len(transfers), counted["steps"])
    # An attempt that was refused may still have arrived; its repeat is then one more suppressed duplicate.
    if not len(transfers) <= counted["duplicates"] <= len(transfers) + teller["repeats"]:
        yield from compare("duplicates suppressed", len(transfers), counted["duplicates"])
    yield from listed("transfers have no receipt", sorted(ids.keys() - got.keys()))
    yield from listed("receipts are for no transfer of the file", sorted(got.keys() - ids.keys()))
    yield from listed("transfers have two receipts", sorted(receipts["twice"]))
    yield from listed("receipts show another amount", sorted(name for name in ids.keys() & got.keys() if ids[name] != got[name]))
    wrong = [account for account in expected if balances.get(account) != expected[account]]
    yield from listed("accounts have the wrong balance", [
        f"{account} has {show(balances.get(account))} and must have {books.money(expected[account])}" for account in sorted(wrong)])


def compare(what, expected, got):
    if expected != got:
        yield f"{what}: {got:,} instead of {expected:,}"


def listed(what, names):
    if names:
        yield f"{len(names):,} {what}: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"


def show(balance):
    return "none" if balance is None else books.money(balance)
