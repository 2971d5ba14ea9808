"""The verdict of the demo: every single fault in the outcome must be found and named. Run by BooksTests.cs."""
import collections
import copy
import io
import pathlib
import sys
import unittest

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples" / "bank-transfers"
sys.path.insert(0, str(EXAMPLE))

import audit  # noqa: E402
import books  # noqa: E402
import generate  # noqa: E402
import report  # noqa: E402

TRANSFERS = books.read_transfers(EXAMPLE / "transfers.csv")


class Outcome:
    """What a faultless run of all transfers reports."""

    def __init__(self):
        count = len(TRANSFERS)
        self.teller = {"published": 2 * count, "repeats": 0}
        self.counted = {"appended": count, "duplicates": count, "steps": count}
        self.receipts = {"receipts": {transfer["id"]: transfer["amount"] for transfer in TRANSFERS}, "twice": []}
        self.balances = books.balances_after(TRANSFERS)

    def differences(self):
        return list(audit.differences(TRANSFERS, self.teller, self.counted, self.receipts, self.balances))


class BooksTest(unittest.TestCase):
    def setUp(self):
        self.outcome = Outcome()

    def found(self, *sentences):
        self.assertEqual(list(sentences), self.outcome.differences())

    def test_faultless_outcome_balances(self):
        self.found()

    def test_report_promises_all_or_nothing_only_with_the_token(self):
        numbers = ["transfers", "published", "steps_applied", "duplicates_suppressed", "redeliveries", "fenced", "receipts", "seconds"]
        found = dict.fromkeys([*numbers, "sum_before", "sum_after"], 1) | {"faults": {}}
        journals = collections.Counter(failed=1)
        self.assertIn("all or nothing", report.table(found, journals, with_token=True))
        without = report.table(found, journals, with_token=False)
        self.assertNotIn("all or nothing", without)
        self.assertIn("debit, credit, receipt; the message is not taken with them", without)

    def test_lost_transfer_is_named(self):
        del self.outcome.receipts["receipts"]["T000007"]
        self.found("1 transfers have no receipt: T000007")

    def test_transfer_with_two_receipts_is_named(self):
        self.outcome.receipts["twice"] = ["T000003"]
        self.found("1 transfers have two receipts: T000003")

    def test_receipt_for_nothing_is_named(self):
        self.outcome.receipts["receipts"]["T999999"] = "1.00"
        self.found("1 receipts are for no transfer of the file: T999999")

    def test_receipt_with_another_amount_is_named(self):
        self.outcome.receipts["receipts"]["T000005"] = "0.01"
        self.found("1 receipts show another amount: T000005")

    def test_one_cent_on_one_account_is_named(self):
        self.outcome.balances["A0001"] += 1
        must = books.money(self.outcome.balances["A0001"] - 1)
        self.found(f"1 accounts have the wrong balance: A0001 has {books.money(self.outcome.balances['A0001'])} and must have {must}")

    def test_one_cent_moved_between_accounts_is_found_although_the_sum_agrees(self):
        self.outcome.balances["A0001"] += 1
        self.outcome.balances["A0002"] -= 1
        self.assertIn("2 accounts have the wrong balance", self.outcome.differences()[0])

    def test_missing_account_is_named(self):
        del self.outcome.balances["A0009"]
        self.assertIn("A0009 has none", self.outcome.differences()[0])

    def test_step_that_took_effect_twice_is_counted(self):
        self.outcome.counted["steps"] += 1
        self.found("steps that took effect: 3,001 instead of 3,000")

    def test_copy_that_was_not_suppressed_is_counted(self):
        self.outcome.counted["duplicates"] -= 1
        self.found("duplicates suppressed: 2,999 instead of 3,000")

    def test_refused_attempt_that_had_arrived_is_no_fault(self):
        self.outcome.teller["repeats"] = 2
        self.outcome.counted["duplicates"] += 2
        self.found()

    def test_unpublished_copy_is_counted(self):
        self.outcome.teller["published"] -= 1
        self.found("transfers published: 5,999 instead of 6,000")


class FileTest(unittest.TestCase):
    def test_one_seed_makes_one_file(self):
        file = io.StringIO()
        generate.write(file, generate.transfers(3000, 1))
        self.assertEqual((EXAMPLE / "transfers.csv").read_text(), file.getvalue())

    def test_amounts_are_read_to_the_cent(self):
        self.assertEqual([1234, 1230, 1200, 5], [books.cents(amount) for amount in ("12.34", "12.3", "12", "0.05")])

    def test_transfers_move_money_and_make_none(self):
        balances = books.balances_after(copy.deepcopy(TRANSFERS))
        self.assertEqual(books.OPENING_CENTS * len(balances), sum(balances.values()))
        self.assertTrue(all(transfer["from"] != transfer["to"] for transfer in TRANSFERS))


if __name__ == "__main__":
    unittest.main()
