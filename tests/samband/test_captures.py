"""Every capture gives the events that were written down from the reference beforehand."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from samband.decode import KINDS
from samband.replay_command import folded, replay
from samband.replay_cores import core_of
from samband.replay_files import read_file
from samband.replay_shapes import kind_of, of_peer

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "p25"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "captures.expected.json").read_text())
CAPTURES = [name for name, wanted in EXPECTED.items() if isinstance(wanted, dict)]
LEFT_OUT = {"LinkChanged", "LineSeen", "SignalQuality"}
DECODED_AS = {"dfsi": "dfsi-voice"}
OCTETS = ("udp", "rtp", "frame", "record", "datagram")


def events_of(name: str) -> tuple[list[dict[str, Any]], int]:
    """Return the events of a capture, and how many of its datagrams were malformed."""
    recorded = read_file(FOLDER / f"{name}.json")
    kind = kind_of(recorded)
    assert kind is not None
    assert kind == EXPECTED[name]["interface"]
    fed = of_peer(recorded, kind)
    password = EXPECTED[name].get("login", {}).get("password", "none")
    counts: Counter[str] = Counter()
    core = core_of(kind, fed, password=password.encode())
    rows = [row for row in folded(replay(core, fed), counts) if row["event"] not in LEFT_OUT]
    return _last_words(rows), counts["Malformed"]


def _last_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fold what comes again with more into its last form, and voice into one row an over."""
    kept: list[dict[str, Any]] = []
    for row in rows:
        before = next(
            (
                one
                for one in reversed(kept)
                if one["event"] == row["event"] and one.get("instance") == row.get("instance")
            ),
            None,
        )
        ended = [one["event"] for one in kept][-1:] == ["TalkEnded"]
        if before is None or "instance" not in row or ended or row["event"] == "TalkEnded":
            kept.append(row)
        elif row["event"] == "VoiceHeard":
            before["times"] += row["times"]
            before["lost"] += row["lost"]
        else:
            before.update(row)
    return kept


@pytest.mark.parametrize("name", CAPTURES)
def test_events(name: str) -> None:
    found, malformed = events_of(name)
    wanted = EXPECTED[name]["events"]
    assert [row["event"] for row in found] == [row["event"] for row in wanted]
    for row, want in zip(found, wanted, strict=True):
        assert {key: row.get(key) for key in want} == want
    assert malformed == EXPECTED[name]["malformed"]


@pytest.mark.parametrize("name", CAPTURES)
def test_each_line_can_be_decoded_by_hand(name: str) -> None:
    interface = EXPECTED[name]["interface"]
    entries = json.loads((FOLDER / f"{name}.json").read_text())["entries"]
    lines = [next(entry[key] for key in OCTETS if key in entry) for entry in entries]
    rows = list(KINDS[DECODED_AS.get(interface, interface)](lines))
    assert len(rows) == len(entries)
    assert [row for row in rows if "malformed" in row] == []


def test_packets_of_the_fne_captures() -> None:
    names = {"rptl-ack": "ACK", "rptk-ack": "ACK", "rptc-ack": "ACK", "pong": "PONG"}
    for name in ("fne_login", "fne_p25_voice", "fne_dvmfne"):
        entries = json.loads((FOLDER / f"{name}.json").read_text())["entries"]
        rows = list(KINDS["fne"](entry["udp"] for entry in entries))
        counted: dict[str, Counter[str]] = {}
        for entry, row in zip(entries, rows, strict=True):
            way = counted.setdefault(entry.get("dir", ""), Counter())
            said = str(row["name"])
            way[names.get(said, said)] += 1
        assert counted.get("", counted) == EXPECTED[name]["packets"]


def test_what_the_captured_login_says() -> None:
    wanted = EXPECTED["fne_login"]
    entries = json.loads((FOLDER / "fne_login.json").read_text())["entries"]
    rows = {row["name"]: row for row in KINDS["fne"](entry["udp"] for entry in entries)}
    login = wanted["login"]
    assert rows["rptl-ack"]["salt"] == login["salt"]
    assert rows["rptc-ack"]["metadata_port"] == login["metadata_port"]
    assert rows["RPTC"]["configuration"]["identity"] == login["identity"]
    assert (rows["RPTL"]["ssrc"], rows["pong"]["ssrc"]) == (login["peer_id"], login["master_id"])
    assert [one["group"] for one in rows["ACTIVE_TGS"]["talkgroups"]] == wanted["active"]
    assert rows["DEACTIVE_TGS"]["talkgroups"] == wanted["deactivated"]


def test_every_capture_of_the_vectors_is_expected() -> None:
    timed = {
        path.stem
        for path in FOLDER.glob("*.json")
        if path.stem != "captures.expected"
        and any(
            {"t_ms", "t_s", "udp"} & set(row) for row in json.loads(path.read_text())["entries"]
        )
    }
    assert timed <= set(CAPTURES)
