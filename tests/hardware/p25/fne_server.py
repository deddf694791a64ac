"""A server in a process of its own: a FNE peer on which two desks talk without end.

Usage: fne_server PORT GROUP GROUP. Prints a line of JSON when both are on air.
"""

import asyncio
import json
import random
import sys

from gateway.model.ids import LinkId, RequestId
from gateway.model.radio import KeyDemand, LinkChanged, LinkState, RadioEvent, TxGranted
from gateway.p25.fne.core import CHANNEL, FneCore
from hardware.p25_radio import Ends, P25RadioLink
from hardware.sim.p25.fne import PASSWORD
from tests.hardware.driving import RealClock
from voicecodecs.pcm import SILENT_FRAME


class Server:
    """Demands once the link is up, and talks where it was granted."""

    def __init__(self, port: int, groups: list[int]) -> None:
        self._presses = {RequestId(f"r-{group}"): group for group in groups}
        self._granted: set[RequestId] = set()
        core = FneCore(
            peer_id=312_000,
            password=PASSWORD.encode(),
            own_id=0xFFFFFC,
            randbytes=random.Random(1).randbytes,
        )
        ends = {CHANNEL: Ends(local=("127.0.0.1", 0), remote=("127.0.0.1", port))}
        self.driver = P25RadioLink(
            LinkId("fne"), core, self._event, lambda *sound: None, RealClock(), ends=ends
        )

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        if isinstance(event, LinkChanged) and event.state is LinkState.UP:
            for press, group in self._presses.items():
                self.driver.demand(KeyDemand(demand=press, group=group))
        if isinstance(event, TxGranted):
            self._granted.add(event.demand)
            if len(self._granted) == len(self._presses):
                sys.stdout.write(json.dumps({"what": "granted"}) + "\n")
                sys.stdout.flush()
                self._talk()

    def _talk(self) -> None:
        for press in self._presses:
            self.driver.send_sound(press, SILENT_FRAME)
        asyncio.get_running_loop().call_later(0.02, self._talk)


async def main() -> None:
    server = Server(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
    await server.driver.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
