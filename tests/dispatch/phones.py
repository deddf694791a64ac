"""The gateway's end of private calls in a test, and people at positions."""

from dataclasses import dataclass
from typing import Any

from dispatch.auth.access import GrantInfo
from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.services.board import Board
from gateway.model import individual_events as iev
from gateway.model.command import Command, Reply
from gateway.model.ids import CallId, PositionId
from gateway.model.individual_commands import (
    IndividualAnswer,
    IndividualDecline,
    IndividualDial,
    IndividualHangUp,
)
from gateway.model.private_line import private_line
from tests.dispatch.room import LINK, PATROL, Browser, Room, until


@dataclass
class Phones:
    """The gateway's end: says yes and tells what it did."""

    room: Room
    seq: int = 100

    def __post_init__(self) -> None:
        self.commands: list[Command] = []
        kinds: tuple[type[Command], ...] = (
            IndividualAnswer,
            IndividualDecline,
            IndividualDial,
            IndividualHangUp,
        )
        for kind in kinds:
            self.room.bus.serve(kind, self._answer)

    def _answer(self, command: Command) -> Reply:
        self.commands.append(command)
        publish = self.room.bus.publish
        if isinstance(command, IndividualAnswer):
            publish(
                iev.IndividualAnswered(
                    call=command.call,
                    position=command.position,
                    operator=command.operator,
                    waited_ms=1500,
                )
            )
        if isinstance(command, IndividualDial):
            self.seq += 1
            publish(
                iev.IndividualDialled(
                    call=command.call,
                    call_seq=self.seq,
                    line=private_line(self.seq),
                    link=LINK,
                    kind=command.kind,
                    position=command.position,
                    operator=command.operator,
                    called=command.unit,
                    digits=command.digits or "1001",
                    duplex=command.duplex,
                )
            )
        return Reply(ok=True)

    def ring(self, **more: Any) -> CallId:
        self.seq += 1
        call = CallId(self.room.thing("c"))
        fields: dict[str, Any] = {
            "call_seq": self.seq,
            "line": private_line(self.seq),
            "link": LINK,
            "kind": "private",
            "caller": PATROL,
            "digits": "1001",
            "alias": "Patrol 1",
            "rings_at": (PositionId("1"), PositionId("2")),
        }
        self.room.bus.publish(iev.IndividualRinging(call=call, **(fields | more)))
        return call

    def end(self, call: CallId, outcome: str = "talked") -> None:
        if outcome == "missed":
            self.room.bus.publish(iev.IndividualMissed(call=call, waited_ms=9000, reason="gone"))
        self.room.bus.publish(
            iev.IndividualEnded(call=call, outcome=outcome, cause="user request", talked_ms=4000)
        )

    async def shown(self, call: CallId) -> dict[str, Any]:
        board = self.room.services.use(Board).individual
        await until(lambda: board.row(call) is not None)
        row = board.row(call)
        assert row is not None
        return row


def grant(room: Room, role: Role, scope: str = "*", actions: Any = None) -> None:
    room.services.people.give_now(
        GrantInfo(
            id=0,
            role=role,
            organisation="*",
            scope_kind="individual",
            scope=scope,
            actions=ROLE_ACTIONS[role] if actions is None else actions,
        ),
        "test",
    )
    room.services.access.refresh("test")


async def seated(room: Room, name: str, position: str) -> Browser:
    browser = await room.browser(name)
    assert (await browser.post(f"/positions/{position}/take")).status_code == 200
    return browser


async def calls_of(browser: Browser) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await browser.get("/individual")).json()
    return rows
