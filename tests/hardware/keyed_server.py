"""A server in a process of its own: the real driver, keyed through the simulated radio.

Usage: keyed_server.py LINK-AS-JSON HOW. Prints one JSON object a line, with CLOCK_MONOTONIC
milliseconds. It lets itself be killed or stopped from outside; HOW ``hang`` blocks its loop, HOW
``text`` sends a long text while it is keyed, HOW ``duplex`` calls a unit instead of its group, HOW
``voice`` sends sound without end.
"""

import asyncio
import json
import sys
import time
from typing import Any

from gateway.model.ids import CallId, LinkId, MessageId, RequestId
from gateway.model.individual import Dial, IndividualKind
from gateway.model.plan import Link
from gateway.model.radio import KeyDemand, LinkChanged, LinkState, RadioEvent, TxEnded, TxGranted
from gateway.model.wire import from_json
from hardware.drivers import make_driver
from hardware.pei_radio import PeiRadioLink
from tests.hardware.driving import RealClock
from voicecodecs.pcm import SILENT_FRAME

PRESS = RequestId("r-1")
UNIT = 1210204


def tell(what: str, **more: object) -> None:
    now_ms = time.monotonic_ns() // 1_000_000
    sys.stdout.write(json.dumps({"what": what, "mono_ms": now_ms, **more}) + "\n")
    sys.stdout.flush()


class Server:
    """Demands once the radio is up, and says what comes of it."""

    def __init__(self, planned: dict[str, Any], how: str) -> None:
        self._how = how
        link = from_json(Link, planned, "link")
        self.driver = make_driver(link, self._event, lambda *sound: None, RealClock())
        self._group = link.talkgroups[0]
        self._demanded = False

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        match event:
            case LinkChanged(state=LinkState.UP) if not self._demanded:
                self._demanded = True
                self._demand()
                tell("demanded")
            case LinkChanged():
                tell("link", state=event.state.value, reason=event.reason)
            case TxGranted():
                self._granted()
            case TxEnded():
                tell("ended", cause=event.cause, reason=event.reason)

    def _demand(self) -> None:
        if self._how == "duplex":
            assert isinstance(self.driver, PeiRadioLink)
            self.driver.dial(
                Dial(
                    call=CallId("c-1"),
                    kind=IndividualKind.PRIVATE,
                    digits=str(UNIT),
                    duplex=True,
                    microphone=PRESS,
                )
            )
        else:
            self.driver.demand(KeyDemand(demand=PRESS, group=self._group))

    def _granted(self) -> None:
        loop = asyncio.get_running_loop()
        if self._how == "voice":
            self._talk()
        if self._how == "text":
            assert isinstance(self.driver, PeiRadioLink)
            self.driver.send_text(MessageId("m-1"), 1210204, "Long text " * 12)
        if self._how == "hang":
            loop.call_later(0.3, self._hang)
        tell("granted")

    def _talk(self) -> None:
        self.driver.send_sound(PRESS, SILENT_FRAME)
        asyncio.get_running_loop().call_later(0.02, self._talk)

    def _hang(self) -> None:
        tell("hang")
        time.sleep(2)
        tell("awake")


async def main() -> None:
    server = Server(json.loads(sys.argv[1]), sys.argv[2])
    await server.driver.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
