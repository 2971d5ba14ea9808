"""The verdict: every way in which the outcome differs from the file, and every way in which a run proved nothing."""
import books
import schedule


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
    yield from listed("transfers have two receipts", sorted(set(receipts["twice"])))
    yield from listed("receipts show another amount", sorted(name for name in ids.keys() & got.keys() if ids[name] != got[name]))
    wrong = [account for account in expected if balances.get(account) != expected[account]]
    yield from listed("accounts have the wrong balance", [
        f"{account} has {show(balances.get(account))} and must have {books.money(expected[account])}" for account in sorted(wrong)])


def vacuities(planned, fired, journals):
    """Every way in which a run that balances would prove nothing about its faults."""
    missed = [f"{fault.kind} of {fault.target} after {fault.after:,} transfers" for fault in planned if fault not in fired]
    yield from listed("scheduled faults did not happen", missed)
    happened = {fault.kind for fault in fired}
    if len(planned) >= len(schedule.KINDS):
        yield from listed("kinds of fault did not happen", [kind for kind in schedule.KINDS if kind not in happened])
    if happened & {"app-kill", "pod-kill"} and provoked_by_faults(journals) <= 0:
        yield "no transfer was delivered again because of a fault, although a ledger was killed at work"
    if "pause" in happened and journals["fenced"] == 0:
        yield "no step was answered FENCED, although a pod was paused at work for longer than its lease"


def provoked_by_faults(journals):
    """Redeliveries that no handler asked for by failing on purpose."""
    return journals["redelivered"] - journals["failed"]


def compare(what, expected, got):
    if expected != got:
        yield f"{what}: {got:,} instead of {expected:,}"


def listed(what, names):
    if names:
        yield f"{len(names):,} {what}: {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"


def show(balance):
    return "none" if balance is None else books.money(balance)
