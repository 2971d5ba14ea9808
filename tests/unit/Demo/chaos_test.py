"""The faults of the demo: the schedule is a function of the seed, and a run whose faults struck nobody is refused. Run by BooksTests.cs."""
import collections
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "examples" / "bank-transfers"
sys.path.insert(0, str(EXAMPLE))

import audit  # noqa: E402
import journal  # noqa: E402
import options  # noqa: E402
import report  # noqa: E402
import schedule  # noqa: E402
from outcome import Outcome  # noqa: E402

KEYS = "transfers published steps_applied duplicates_suppressed redeliveries fenced receipts sum_before sum_after faults seed seconds books_balance"


class ScheduleTest(unittest.TestCase):
    def test_one_seed_makes_one_schedule(self):
        self.assertEqual(schedule.faults(7, 15, 2000), schedule.faults(7, 15, 2000))

    def test_schedule_of_a_seed_stays_what_it_was(self):
        self.assertEqual(PINNED, [tuple(fault) for fault in schedule.faults(7, 5, 2000)])

    def test_seeds_make_different_schedules(self):
        self.assertEqual(20, len({tuple(schedule.faults(seed, 15, 2000)) for seed in range(20)}))

    def test_four_faults_and_more_are_of_each_kind(self):
        for seed in range(50):
            for count in range(4, 20):
                kinds = collections.Counter(fault.kind for fault in schedule.faults(seed, count, 2000))
                self.assertEqual(set(schedule.KINDS), set(kinds))
                self.assertLessEqual(max(kinds.values()) - min(kinds.values()), 1)

    def test_faults_come_in_order_between_five_and_eighty_percent(self):
        for seed in range(50):
            after = [fault.after for fault in schedule.faults(seed, 15, 2000)]
            self.assertEqual(sorted(after), after)
            self.assertTrue(100 <= after[0] and after[-1] <= 1600, after)

    def test_pauses_come_while_almost_half_of_the_transfers_wait(self):
        for seed in range(50):
            for count in range(4, 20):
                pauses = [fault.after for fault in schedule.faults(seed, count, 2000) if fault.kind == "pause"]
                self.assertLessEqual(max(pauses), 1100, (seed, count))

    def test_only_redis_and_the_ledgers_are_hit(self):
        for fault in schedule.faults(3, 40, 2000):
            self.assertIn(fault.target, ("redis",) if fault.kind == "redis-kill" else schedule.PODS)

    def test_handlers_are_slow_enough_for_the_faults_and_at_once_without_any(self):
        self.assertEqual(0, schedule.think_milliseconds(0, 3000, 8))
        self.assertEqual([180, 150], [schedule.think_milliseconds(15, 2000, 8), schedule.think_milliseconds(5, 3000, 8)])

    def test_enough_is_left_for_the_other_when_a_pause_is_due(self):
        for transfers in (200, 400, 2000):
            for seed in range(20):
                for fault in schedule.faults(seed, 4, transfers):
                    self.assertTrue(fault.kind != "pause" or fault.after < schedule.last_pause(transfers), fault)


class VacuityTest(unittest.TestCase):
    def setUp(self):
        self.planned = schedule.faults(1, 4, 400)
        self.fired = list(self.planned)
        self.journals = collections.Counter(redelivered=10, failed=4, fenced=3)

    def found(self):
        return list(audit.vacuities(self.planned, self.fired, self.journals))

    def without(self, kind):
        self.fired = [fault for fault in self.planned if fault.kind != kind]

    def test_run_whose_faults_struck_is_accepted(self):
        self.assertEqual([], self.found())

    def test_run_without_faults_needs_neither_redeliveries_nor_fences(self):
        self.planned, self.fired, self.journals = [], [], collections.Counter()
        self.assertEqual([], self.found())

    def test_fault_that_did_not_happen_is_named(self):
        self.without("redis-kill")
        missed = next(fault for fault in self.planned if fault.kind == "redis-kill")
        self.assertIn(f"1 scheduled faults did not happen: redis-kill of redis after {missed.after:,} transfers", self.found())

    def test_kind_that_did_not_happen_is_named(self):
        self.without("redis-kill")
        self.assertIn("1 kinds of fault did not happen: redis-kill", self.found())

    def test_pause_without_a_fence_is_refused(self):
        self.journals["fenced"] = 0
        self.assertEqual(["no step was answered FENCED, although a pod was paused at work for longer than its lease"], self.found())

    def test_kill_after_which_nothing_came_again_is_refused(self):
        self.journals["redelivered"] = 0
        self.assertEqual(["no transfer was delivered again because of a fault, although a ledger was killed at work"], self.found())

    def test_redeliveries_asked_for_by_failing_handlers_do_not_count_as_those_of_a_kill(self):
        self.journals["redelivered"] = self.journals["failed"]
        self.assertEqual(1, len(self.found()))


class JournalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.paths = [pathlib.Path(folder.name, name) for name in ("one", "two")]

    def write(self, path, text):
        file = journal.Journal(path)
        for word in text.split(","):
            file.write(*word.split())

    def test_redelivery_is_a_delivery_beyond_the_first_in_any_pod(self):
        self.write(self.paths[0], "started,delivered T1,delivered T2,applied T2")
        self.write(self.paths[1], "started,delivered T1,fenced T1,delivered T3")
        counts = journal.count(self.paths)
        self.assertEqual((4, 1, 1), (counts["delivered"], counts["redelivered"], counts["fenced"]))

    def test_handlers_of_a_killed_app_are_not_at_work(self):
        self.write(self.paths[0], "started,delivered T1,thinking T1,delivered T2,thinking T2,delivered T3,sending T1")
        self.assertEqual(1, journal.in_hand(self.paths[0]))
        self.write(self.paths[0], "started")
        self.assertEqual(0, journal.in_hand(self.paths[0]))

    def test_handler_that_sent_its_step_is_not_at_work_for_a_fault(self):
        self.write(self.paths[0], "started,delivered T1,thinking T1,sending T1,delivered T2,thinking T2,conflict T1,sending T1")
        self.assertEqual(1, journal.in_hand(self.paths[0]))
        self.assertEqual(0, journal.answered(self.paths[0]))

    def test_app_that_never_started_is_not_at_work(self):
        self.assertEqual(0, journal.in_hand(self.paths[0]))


class OptionsTest(unittest.TestCase):
    def refused(self, *arguments):
        text = io.StringIO()
        with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(text):
            options.read(arguments)
        self.assertEqual(2, ended.exception.code)
        return text.getvalue().splitlines()[-1]

    def test_wrong_argument_is_named_with_its_value_and_what_is_accepted(self):
        self.assertEqual("demo.sh: error: --timeout is '3h'; accepted: seconds or minutes such as 90, 90s or 5m", self.refused("--timeout", "3h"))
        self.assertEqual("demo.sh: error: --transfers is '0'; accepted: a whole number from 1 to 10,000,000", self.refused("--transfers", "0"))
        self.assertEqual(
            "demo.sh: error: --chaos is '9'; accepted: a whole number from 0 to 8, at most one fault per 50 transfers", self.refused("--transfers", "400", "--chaos", "9"))

    def test_durations_are_seconds_or_minutes(self):
        self.assertEqual([300, 90, 90], [options.read(["--timeout", text]).timeout for text in ("5m", "90s", "90")])

    def test_numbers_are_written_under_exactly_the_promised_names(self):
        self.assertEqual(KEYS.split(), list(report.numbers(Outcome([], 1), True)))


PINNED = [
    (1, 396, "pod-kill", "ledger-1"), (2, 692, "app-kill", "ledger-1"), (3, 724, "pause", "ledger-2"), (4, 1188, "redis-kill", "redis"),
    (5, 1565, "app-kill", "ledger-2")]

if __name__ == "__main__":
    unittest.main()
