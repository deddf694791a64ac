"""Ours at the master: it sends a talkgroup that wants affiliation only where a unit has asked."""

from collections.abc import Callable, Mapping

from gateway.p25.fne.lists import ListedGroup
from gateway.p25.fne.numbers import LAST_SEQUENCE, Announcement, Function
from gateway.p25.fne.over_out import Network
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.requests import Announced


class Affiliations:
    """Announces our unit on those of our talkgroups that want it."""

    def __init__(
        self,
        network: Network,
        groups: tuple[int, ...],
        send: Callable[[FnePacket], None],
        new_stream: Callable[[], int],
    ) -> None:
        """Begin with none announced."""
        self._network, self._groups = network, groups
        self._send, self._new_stream = send, new_stream
        self._announced: set[int] = set()

    def follow(self, active: Mapping[int, ListedGroup]) -> None:
        """Announce what the master's list wants, each talkgroup once a session."""
        for group in self._groups:
            listed = active.get(group)
            if listed is not None and listed.needs_affiliation and group not in self._announced:
                self._announced.add(group)
                said = Announced(unit=self._network.own_id, group=group)
                self._announce(Announcement.AFFILIATION, said)

    def leave(self) -> None:
        """Take it back."""
        if self._announced:
            self._announce(Announcement.UNAFFILIATION, Announced(unit=self._network.own_id))
        self._announced.clear()

    def forget(self) -> None:
        """Begin anew with a new session."""
        self._announced.clear()

    def _announce(self, what: Announcement, said: Announced) -> None:
        self._send(
            FnePacket(
                function=Function.ANNOUNCE,
                sub_function=what,
                sequence=LAST_SEQUENCE,
                ssrc=self._network.peer,
                peer=self._network.peer,
                stream=self._new_stream(),
                payload=said.encode(),
            )
        )
