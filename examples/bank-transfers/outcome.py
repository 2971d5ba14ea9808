"""All that is known about a run when it ends, each part from its own source; what cannot be asked is a sentence in `silent`."""
import json
import urllib.request

import books
import journal
import sidecar
from witness import Witness


class Outcome:
    def __init__(self, transfers, seed):
        self.transfers, self.seed = transfers, seed
        self.seconds = 0.0
        self.fired = []
        self.silent = []
        self.teller = {"published": 0, "repeats": 0}
        self.journals = journal.count([])
        self.counted = {"appended": 0, "duplicates": 0, "steps": 0}
        self.receipts = {"receipts": {}, "twice": []}
        self.balances = {}

    def collect(self, teller_log, journals, redis_port, auditor_port, ledger_sidecar_port):
        self.teller = published(teller_log)
        self.journals = journal.count(journals)
        self._ask("Redis", "counted", Witness(redis_port).counts)
        self._ask("the auditor", "receipts", lambda: ask(auditor_port, "receipts"))
        self._ask("the ledger's state", "balances", lambda: self._balances(ledger_sidecar_port))

    def _ask(self, who, what, question):
        try:
            setattr(self, what, question())
        except OSError as fault:
            self.silent.append(f"{who} could not be asked: {fault}")

    def _balances(self, port):
        api, accounts, found = sidecar.Sidecar(port), sorted(books.balances_after(self.transfers)), {}
        for start in range(0, len(accounts), 100):
            found.update((account, balance) for account, (balance, _) in api.read_state("ledger", accounts[start:start + 100]).items())
        return found


def published(log):
    """What the teller said last; the last line may be half written."""
    lines = log.read_text(errors="replace").splitlines(keepends=True) if log.exists() else []
    whole = [line for line in lines if line.startswith("{") and line.endswith("}\n")]
    return json.loads(whole[-1]) if whole else {"published": 0, "repeats": 0}


def ask(port, page):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=30) as answer:
        return json.load(answer)
