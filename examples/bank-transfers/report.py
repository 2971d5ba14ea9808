"""What a run ends with: the numbers as a table and as JSON."""
import collections
import json

import audit
import books
import schedule


def numbers(outcome, balanced):
    """Exactly what --json writes."""
    kinds = collections.Counter(fault.kind for fault in outcome.fired)
    return {
        "transfers": len(outcome.transfers),
        "published": outcome.teller["published"],
        "steps_applied": outcome.counted["steps"],
        "duplicates_suppressed": outcome.counted["duplicates"],
        "redeliveries": outcome.journals["redelivered"],
        "fenced": outcome.journals["fenced"],
        "receipts": len(outcome.receipts["receipts"]),
        "sum_before": books.OPENING_CENTS * len(books.balances_after(outcome.transfers)) / 100,
        "sum_after": sum(outcome.balances.values()) / 100,
        "faults": {kind: kinds[kind] for kind in schedule.KINDS},
        "seed": outcome.seed,
        "seconds": round(outcome.seconds, 1),
        "books_balance": balanced,
    }


def write(path, found):
    path.write_text(json.dumps(found, indent=2) + "\n")


def table(found, journals, with_token):
    faults = ", ".join(f"{count} {kind}" for kind, count in found["faults"].items() if count)
    redelivered = f"{journals['failed']:,} handlers failed on purpose; {max(0, audit.provoked_by_faults(journals)):,} came again because of a fault"
    steps = "message taken, debit, credit, receipt: all or nothing" if with_token else "debit, credit, receipt; the message is not taken with them"
    rows = [
        ("transfers", f"{found['transfers']:,}", "in the file"),
        ("published", f"{found['published']:,}", "each one twice, on purpose"),
        ("steps applied", f"{found['steps_applied']:,}", steps),
        ("duplicates suppressed", f"{found['duplicates_suppressed']:,}", "counted in Redis"),
        ("redeliveries", f"{found['redeliveries']:,}", redelivered),
        ("fenced", f"{found['fenced']:,}", "steps of a pod that had lost its lanes while it was paused"),
        ("receipts", f"{found['receipts']:,}", "collected by the auditor"),
        ("sum before", f"{found['sum_before']:,.2f}", ""),
        ("sum after", f"{found['sum_after']:,.2f}", "read through the state API"),
        ("faults", f"{sum(found['faults'].values()):,}", faults),
        ("seconds", f"{found['seconds']:,.1f}", f"{found['transfers'] / max(0.1, found['seconds']):,.0f} transfers a second"),
    ]
    return "\n".join(f"  {name:<22}{value:>16}   {remark}".rstrip() for name, value, remark in rows)
