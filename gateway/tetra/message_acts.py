"""What the engine asks of messages, given to the part of the core that does it."""

from typing import assert_never

from gateway.model import messages as acts
from gateway.model.ids import MonoMs
from gateway.tetra.bits import Payload
from gateway.tetra.inbox import Inbox
from gateway.tetra.outbox import Outbox


def carry_out(act: acts.MessageAct, outbox: Outbox, inbox: Inbox, now: MonoMs) -> None:
    """Do one act; raises ValueError where the hex digits of data are none, or too few."""
    match act:
        case acts.SendText():
            outbox.text(
                act.message, act.to, act.text, now, group=act.group, immediate=act.immediate
            )
        case acts.SendStatus():
            outbox.status(act.message, act.to, act.value, now)
        case acts.SendData():
            payload = Payload.from_hex(act.data_hex, act.bits)
            outbox.data(act.message, act.to, act.sds_type, payload, now)
        case acts.AskPosition():
            outbox.ask_position(act.message, act.to, now)
        case acts.SetReporting():
            outbox.set_reporting(act.message, act.to, act.enabled, now)
        case acts.MarkOpened():
            inbox.opened(act.handle, now)
        case _:
            assert_never(act)
