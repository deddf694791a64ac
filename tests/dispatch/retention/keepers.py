"""A room whose calls get old at will."""

from typing import Any

import pytest
from sqlmodel import Session, col, update

from dispatch.retention.erasure import Erasure
from dispatch.retention.sealed import SealedFiles
from dispatch.store.tables import US_PER_DAY, Call, Transmission
from gateway.model import events as ev
from gateway.model.ids import MessageId
from tests.dispatch.opus import spoken
from tests.dispatch.room import LINK, NORTH, Browser, Room, until

both = pytest.mark.parametrize("keepers", ["sqlite", "postgresql"], indirect=True)
"""Runs a test on each database."""


class Keepers:
    """The room, its people and its calls."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.calls: list[str] = []
        self.overs: list[str] = []
        self.sha256: list[str] = []

    async def prepare(self) -> None:
        for seq in (1, 2, 3):
            await self.call(seq)
        await self.room.journaled()
        self.supervisor = await self.room.browser("supervisor")
        self.auditor = await self.room.browser("auditor")
        self.dpo = await self.room.browser("dpo")

    async def call(self, seq: int) -> str:
        call, over = self.room.begin(seq=seq)
        self.sha256.append(self.room.record(call, over, spoken(40 + seq)))
        self.room.end(call, over)
        self.calls.append(call)
        self.overs.append(over)
        return call

    async def text(self, text: str) -> str:
        message = MessageId(self.room.thing("m"))
        self.room.bus.publish(
            ev.MessageReceived(
                message=message, link=LINK, sender=None, to=None, talkgroup=NORTH, text=text
            )
        )
        await self.room.journaled()
        return message

    @property
    def files(self) -> SealedFiles:
        return self.room.services.use(SealedFiles)

    @property
    def erasure(self) -> Erasure:
        return self.room.services.use(Erasure)

    def name(self, number: int) -> str:
        return f"recordings/{self.sha256[number]}.opus"

    def seal_all(self) -> None:
        for number, sha256 in enumerate(self.sha256):
            assert self.files.seal(self.name(number), sha256)

    def age(self, *calls: str, days: int = 4000) -> None:
        """Make calls so old that their class has expired."""

        def work(db: Session) -> None:
            past = days * US_PER_DAY
            for table, key in ((Call, Call.id), (Transmission, Transmission.call)):
                db.exec(
                    update(table)
                    .where(col(key).in_(calls))
                    .values(
                        started_utc=col(table.started_utc) - past,
                        ended_utc=col(table.ended_utc) - past,
                        expires_utc=col(table.expires_utc) - past,
                    )
                )

        self.room.store.write_now(work)

    def row(self, call: str) -> Call:
        found = self.room.store.read_now(lambda db: db.get(Call, call))
        assert found is not None
        return found

    async def agree(self, browser: Browser, approval: str) -> Any:
        """Look at a request and agree to it, as a second person at another desk."""
        looked = (await browser.get(f"/approvals/{approval}")).json()
        answer = await browser.post(
            f"/approvals/{approval}", {"agree": True, "digest": looked["digest"]}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def done(self, job: str) -> dict[str, Any]:
        async def finished() -> bool:
            return bool((await self.erasure.one(job))["state"] == "done")

        await until(finished)
        return await self.erasure.one(job)
