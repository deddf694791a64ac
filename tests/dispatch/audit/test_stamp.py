"""RFC 3161 stamps from a real local authority, and what is no stamp."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit import outside as outside_module
from dispatch.audit.cosign import Cosigning
from dispatch.audit.outside import OutsideProof
from dispatch.audit.stamp import (
    Authority,
    BadStamp,
    StampedNotes,
    authority,
    check_stamp,
    stamp,
)
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from tests.dispatch.audit.authority import LocalAuthority, served
from tests.dispatch.audit.conftest import State
from tests.dispatch.audit.killed_writer import entry

DATA = b"audit.test/log1\n8\nXcna\n"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return LocalAuthority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def tsa(local: LocalAuthority) -> Iterator[Authority]:
    local.broken = False
    with served(local) as url:
        yield authority(url, local.roots)


def test_a_stamp_is_checked_before_it_is_kept(tsa: Authority, tmp_path: Path) -> None:
    answer = stamp(DATA, tsa)
    check_stamp(answer, DATA, tsa)
    with pytest.raises(BadStamp):
        check_stamp(answer, DATA + b"x", tsa)
    stamps = StampedNotes(tmp_path)
    assert stamps.newest() == 0
    stamps.keep(8, DATA.decode(), answer)
    assert stamps.newest() == 8
    done = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "8.note", "-in", "8.tsr", "-CAfile", tsa.roots_file],
        cwd=tmp_path / "stamps",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_stamp_of_another_authority_or_of_another_request_is_refused(
    tsa: Authority, tmp_path: Path
) -> None:
    other = LocalAuthority(tmp_path / "other")
    answer = stamp(DATA, tsa)
    with pytest.raises(BadStamp):
        check_stamp(answer, DATA, authority(tsa.url, other.roots))
    with served(other) as url, pytest.raises(BadStamp):
        stamp(DATA, authority(url, tsa.roots_file))


def test_an_answer_with_a_whole_chain_is_checked_by_openssl(tmp_path: Path) -> None:
    chained = LocalAuthority(tmp_path / "chained", whole_chain=True)
    with served(chained) as url:
        tsa = authority(url, chained.roots)
        answer = stamp(DATA, tsa)
        check_stamp(answer, DATA, tsa)
        with pytest.raises(BadStamp):
            check_stamp(answer, DATA + b"x", tsa)


def test_nonsense_and_silence_are_faults_in_words(tsa: Authority, local: LocalAuthority) -> None:
    local.broken = True
    with pytest.raises(BadStamp):
        stamp(DATA, tsa)
    with pytest.raises(OSError, match="refused"):
        stamp(DATA, authority("http://127.0.0.1:1/", tsa.roots_file))


def test_a_configuration_that_cannot_be_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        authority("http://127.0.0.1", tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("nothing", encoding="ascii")
    with pytest.raises(ConfigError):
        authority("http://127.0.0.1", tmp_path / "empty.pem")


def test_the_scheme_of_the_address_is_checked(local: LocalAuthority) -> None:
    with pytest.raises(ConfigError, match="http"):
        authority("ftp://127.0.0.1", local.roots)


async def test_a_running_server_stamps_its_newest_checkpoint(
    state: State, tsa: Authority, local: LocalAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = state.log()
    log.open()
    log.append([entry(state, 1)])
    log.write_head()
    outside = OutsideProof(
        state.database, state.audit, Cosigning(state.database, state.audit, ()), tsa
    )
    outside.ask()
    assert outside.stamped() is not None
    assert StampedNotes(state.audit).newest() == 0, "no checkpoint yet"
    log.checkpoint(UtcUs(1))
    local.broken = True
    outside.ask()
    stamped = outside.stamped()
    assert stamped is not None
    assert stamped.fault
    local.broken = False
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    whole = OutsideProof.ask

    def ask(self: OutsideProof) -> Any:
        try:
            return whole(self)
        finally:
            loop.call_soon_threadsafe(asked.set)

    monkeypatch.setattr(outside_module.OutsideProof, "ask", ask)
    outside.start()
    await asyncio.wait_for(asked.wait(), 60)
    await outside.close()
    await outside.close()
    stamped = outside.stamped()
    assert stamped is not None
    assert (stamped.size, stamped.fault) == (1, "")
    log.close()


async def test_nothing_to_ask_starts_nothing(state: State) -> None:
    outside = OutsideProof(
        state.database, state.audit, Cosigning(state.database, state.audit, ()), None
    )
    outside.start()
    assert outside.stamped() is None
    assert outside.witnesses() == []
    await outside.close()
