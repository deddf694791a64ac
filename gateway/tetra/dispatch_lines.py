"""Which part of the core takes which line.

The transmitter looks at a line before it becomes an event of reception, so that the end of our own
transmission is told before the talker that took the channel.
"""

from gateway.model.ids import MonoMs
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker, cause_words
from gateway.tetra.group_lists import GroupLists
from gateway.tetra.group_select import GroupSelect
from gateway.tetra.individual_calls import IndividualCalls
from gateway.tetra.outbox import Outbox
from gateway.tetra.pei_lines import (
    CallConnected,
    CallProgress,
    CallReleased,
    Groups,
    IncomingCall,
    Info,
    Mode,
    PeiLine,
    RegistrationLine,
    Repeater,
    SendResult,
    Signal,
    TxCeased,
    TxGrant,
)
from gateway.tetra.radio_state import RadioState, SeenRepeater
from gateway.tetra.transmit import Transmitter


class LineDispatch:
    """Gives lines to the part that they concern."""

    def __init__(
        self,
        state: RadioState,
        *,
        tracker: CallTracker,
        transmitter: Transmitter,
        outbox: Outbox,
        groups: GroupSelect,
        lists: GroupLists,
        individual: IndividualCalls,
    ) -> None:
        """Know all parts."""
        self._state = state
        self._tracker = tracker
        self._transmitter = transmitter
        self._outbox = outbox
        self._groups = groups
        self._lists = lists
        self._individual = individual

    def take(self, line: PeiLine, now: MonoMs) -> None:
        """Take one line that is neither a final result nor half of a message."""
        match line:
            case TxGrant() | TxCeased():
                self._transmission(line, now)
            case IncomingCall() | CallProgress() | CallConnected() | CallReleased():
                self._call(line, now)
            case Groups():
                self._groups.take(line, now)
            case SendResult():
                if line.status is not None:
                    self._outbox.progress(line)
            case _:
                self._radio(line, now)

    def _radio(self, line: PeiLine, now: MonoMs) -> None:
        """Take what the radio tells of itself."""
        match line:
            case Mode():
                self._state.mode = line.mode
            case RegistrationLine():
                self._state.registration = line.stat
            case Info():
                self._info(line, now)
            case Repeater():
                self._state.repeaters[line.address.ssi] = SeenRepeater(
                    address=line.address.ssi, comms_type=line.comms_type, seen=now
                )
            case Signal():
                self._state.signal_dbm = line.rssi_dbm
            case _:
                return

    def _info(self, line: Info, now: MonoMs) -> None:
        if line.name == "CTTCT" and line.fields[0].isdecimal():
            self._state.comms_type = int(line.fields[0][:3])
        elif line.name == "CPIN":
            self._unlocked(line)
        else:
            self._lists.take(line, now)

    def _unlocked(self, line: Info) -> None:
        text = " ".join(line.fields).upper()
        if "UNLOCKED" in text or "READY" in text:
            self._state.barred = ""

    def _transmission(self, line: TxGrant | TxCeased, now: MonoMs) -> None:
        if isinstance(line, TxCeased):
            self._transmitter.ceased(line, now)
            self._tracker.ceased(line, now)
            return
        ours = self._transmitter.grant(line, now)
        if line.grant == tables.Grant.OTHER:
            call = self._tracker.granted_to_other(line, now)
            self._transmitter.other_call(call, now)
            self._individual.other_call(line.instance, now)
        elif line.grant == tables.Grant.MINE and not ours:
            if not self._individual.stray_grant(line.instance, now):
                self._tracker.own_key(line, now)
            self._individual.other_call(line.instance, now)

    def _call(
        self, line: IncomingCall | CallProgress | CallConnected | CallReleased, now: MonoMs
    ) -> None:
        match line:
            case IncomingCall():
                call = self._tracker.incoming(line, now)
                self._transmitter.other_call(call, now)
            case CallProgress():
                if not self._individual.progress(line, now):
                    self._transmitter.progress(line.instance, line.status, now)
            case CallConnected():
                if not self._individual.connected(line, now):
                    self._transmitter.connected(line.instance, now)
                    self._transmitter.other_call(self._tracker.connected(line, now), now)
            case CallReleased():
                call_down = self._tracker.released(line)
                self._transmitter.released(line, now)
                if call_down is not None:
                    self._tracker.ended(call_down, line.cause, cause_words(line.cause))
