"""The spool of live acts and the call counter: order, once, and what a crash leaves."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.recording.counter import FileCounter
from gateway.recording.spool import Spool, Spooled

REPOSITORY = Path(__file__).parents[3]


def test_acts_are_delivered_once_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert [spool.append({"text": f"akt {n}\u2028"}) for n in range(5)] == [1, 2, 3, 4, 5]
    assert len(spool) == 5
    got: list[Spooled] = []
    assert spool.deliver(got.append) == 5
    assert [act.n for act in got] == [1, 2, 3, 4, 5]
    assert got[3].entry == {"text": "akt 3\u2028"}
    assert spool.deliver(got.append) == 0
    assert len(spool) == 0
    assert spool.append({"text": "more"}) == 6
    spool.close()
    spool.close()


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in range(3):
        spool.append({"number": number})
    taken: list[int] = []

    def fail_at_two(act: Spooled) -> None:
        if act.n == 2:
            raise OSError("database away")
        taken.append(act.n)

    with pytest.raises(OSError, match="away"):
        spool.deliver(fail_at_two)
    spool.close()
    again = Spool(tmp_path)
    assert again.deliver(lambda act: taken.append(act.n)) == 2
    assert taken == [1, 2, 3]
    again.close()
    last = Spool(tmp_path)
    assert len(last) == 0
    assert last.append({}) == 4
    last.close()


def test_half_a_line_was_never_promised(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append({"number": 1})
    spool.close()
    path = tmp_path / "acts.jsonl"
    whole = path.read_bytes()
    for size in range(1, 15):
        path.write_bytes(whole + whole[:size])
        again = Spool(tmp_path)
        assert len(again) == 1
        again.close()
        assert path.read_bytes() == whole


ACTS = """
import sys
from pathlib import Path
from gateway.recording.counter import FileCounter
from gateway.recording.spool import Spool
spool = Spool(Path(sys.argv[1]))
counter = FileCounter(Path(sys.argv[1]) / "calls")
while True:
    print(spool.append({"k": 1}), counter.next(), flush=True)
"""


def test_a_killed_process_loses_no_promised_act_and_no_number(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ACTS, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        # The kill may fall into the middle of a line, and half a line promises nothing.
        lines = process.stdout.read().split(b"\n")[:-1]
    promised, number = (int(word) for word in lines[-1].split()) if lines else (20, 20)
    spool = Spool(tmp_path)
    got: list[int] = []
    spool.deliver(lambda act: got.append(act.n))
    spool.close()
    assert got == list(range(1, len(got) + 1))
    assert len(got) >= promised
    counter = FileCounter(tmp_path / "calls")
    assert number <= counter.last <= number + 1
    counter.close()


def test_the_counter_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    counter = FileCounter(path)
    assert [counter.next(), counter.next()] == [1, 2]
    counter.close()
    counter.close()
    again = FileCounter(path)
    assert again.next() == 3
    again.close()
    behind = FileCounter(path, at_least=41)  # the file of before a power cut
    assert behind.next() == 42
    behind.close()


def test_a_counter_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text("hello")
    with pytest.raises(ValueError, match="number of the last call"):
        FileCounter(path)
