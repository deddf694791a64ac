"""Transmissions: one over at a time inside a call, heard by one link or by several.

The first link that hears an over begins it. Every further one adds a reception: recorded under an
id of its own, heard by nobody, and there when the first one fades or is lost. The over ends when no
link hears it any more.
"""

from gateway.engine.call_state import (
    UNKNOWN_ENCRYPTION,
    Before,
    Call,
    Encryption,
    OwnPress,
    Transmission,
    TransmissionListener,
    is_duplex,
)
from gateway.engine.context import Context
from gateway.model.events import (
    TransmissionEnded,
    TransmissionMeasured,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import LinkId, MonoMs, TransmissionId, UnitId
from gateway.model.recording import RecordingEnd

STALE_MS = 2_000
"""A link that is slower than another by less than this names a talker who has already ended."""
TAIL_MS = 1_500
"""When the first link to hear an over has heard its end, the others get this long."""


class Overs:
    """Begins, names, hands over and ends transmissions, and tells of it."""

    def __init__(self, ctx: Context) -> None:
        """Begin; whoever wants to know is set as ``listener``."""
        self._ctx = ctx
        self.listener: TransmissionListener | None = None
        self._tails: dict[TransmissionId, MonoMs] = {}

    # ---- from a radio

    def heard(
        self, call: Call, link: LinkId, talker: UnitId | None, encryption: Encryption
    ) -> None:
        """Take that a link of the call hears ``talker``: the over goes on, or a new one begins."""
        running = call.transmission
        if running is not None and running.request is not None and link != running.link:
            self._hears_too(running, link)  # what a desk says comes back by another radio
            return
        if running is not None and running.request is None:
            if talker is None or running.talker in (None, talker):
                self._learn(running, talker, encryption)
                self._hears_too(running, link)
                return
            if link != running.link and self._is_past(call, talker):
                return
        if running is not None:
            self.end(call, "ended")
        self.begin(call, link, talker, encryption=encryption)

    def heard_end(self, call: Call, link: LinkId, cause: str) -> None:
        """Take that a link hears the over no more."""
        running = call.transmission
        if running is None or link not in running.receptions:
            return
        others = [other for other in running.receptions if other != link]
        if running.request is not None or any(call.legs[other].talking for other in others):
            self._hears_no_more(running, link, cause)
        else:
            self.end(call, cause)

    def begin(
        self,
        call: Call,
        link: LinkId,
        talker: UnitId | None,
        *,
        encryption: Encryption = UNKNOWN_ENCRYPTION,
        alias: str | None = None,
    ) -> None:
        """Begin an over of another radio."""
        if call.private is None and call.emergency and call.emergency_unit is None:
            call.emergency_unit = talker
        whole_call = call.private is not None and call.emergency
        over = Transmission(
            id=TransmissionId(self._ctx.new_id("t")),
            call=call,
            link=link,
            started_ms=self._ctx.now(),
            started_utc=self._ctx.utc(),
            talker=talker,
            alias=self._ctx.addresses.alias(talker) if alias is None else alias,
            emergency=whole_call or (call.emergency and talker == call.emergency_unit),
            encryption=encryption.inside(call.encryption),
            late_entry=call.late_entry,
        )
        call.late_entry = False  # only the over that ran when we joined was joined late
        self._start(over)

    def begin_own(
        self, call: Call, link: LinkId, press: OwnPress, *, emergency: bool
    ) -> Transmission:
        """Begin what a desk says through ``link``."""
        source = press.passed.source if press.passed else None
        over = Transmission(
            id=TransmissionId(self._ctx.new_id("t")),
            call=call,
            link=link,
            started_ms=self._ctx.now(),
            started_utc=self._ctx.utc(),
            position=press.position or None,
            operator=press.operator,
            request=press.request,
            emergency=emergency or (source is not None and source.emergency),
            encryption=call.encryption.of_own,
            passed=press.passed,
            alias=source.alias if source else "",
        )
        self._start(over)
        for leg in call.legs.values():
            if leg.talking and leg.link != link:
                self._hears_too(over, leg.link)
        return over

    def update(self, over: Transmission) -> None:
        """Tell that talker or emergency of an over changed."""
        if self.listener is not None:
            self.listener.changed(over)
        self._ctx.publish(
            TransmissionUpdated(
                transmission=over.id,
                call=over.call.id,
                talkgroup=over.call.talkgroup,
                talker=over.talker,
                alias=over.alias,
                emergency=over.emergency,
                encrypted=over.encrypted,
                readable=over.encryption.readable,
                algorithm=over.encryption.algorithm,
                key_id=over.encryption.key_id,
                exercise=over.call.exercise,
            )
        )

    def measure(self, over: Transmission, bit_error_rate: float) -> None:
        """Keep and tell how well an over is received."""
        over.bit_error_rate = bit_error_rate
        self._ctx.publish(
            TransmissionMeasured(
                transmission=over.id,
                talkgroup=over.call.talkgroup,
                bit_error_rate=bit_error_rate,
            )
        )

    def end(self, call: Call, cause: str) -> None:
        """End what runs in a call; the call goes on."""
        over = call.transmission
        if over is None:
            return
        call.transmission = None
        call.quiet_since_ms = self._ctx.now()
        call.before = Before(over.talker, self._ctx.now())
        self.finish(over, cause)

    def finish(self, over: Transmission, cause: str) -> None:
        """Tell the end of an over."""
        self._tails.pop(over.id, None)
        end = self._end_of(over, cause)
        if self.listener is not None:
            self.listener.ended(over, end)
        self._ctx.publish(
            TransmissionEnded(
                transmission=over.id,
                call=over.call.id,
                talkgroup=over.call.talkgroup,
                duration_ms=end.duration_ms,
                cause=cause,
                emergency=over.emergency,
                lost_frames=over.lost_frames,
                bit_error_rate=over.bit_error_rate,
            )
        )

    def use(self, over: Transmission, link: LinkId) -> None:
        """Let people hear another link's reception from here on."""
        if link != over.link and link in over.receptions:
            over.link = link
            if self.listener is not None:
                self.listener.heard_from(over, link)

    def was_lost(self, call: Call) -> None:
        """Take that the end of a link's part was no end of the over: its radio is gone."""
        if call.transmission is not None:
            self._tails.pop(call.transmission.id, None)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when the next tail is over."""
        return min(self._tails.values(), default=None)

    def tick(self, now: MonoMs, calls: list[Call]) -> None:
        """End overs whose end one link has heard, and the others too long have not."""
        for call in calls:
            over = call.transmission
            if over is not None and now >= self._tails.get(over.id, now + 1):
                self.end(call, "ended")

    # ---- inside

    def _is_past(self, call: Call, talker: UnitId | None) -> bool:
        before = call.before
        return (
            before is not None
            and before.talker == talker
            and self._ctx.now() - before.ended_ms < STALE_MS
        )

    def _learn(self, over: Transmission, talker: UnitId | None, told: Encryption) -> None:
        """Take what became known of a running over: who talks, and how it is encrypted."""
        encryption = told.after(over.encryption)
        named = over.talker is None and talker is not None
        if named and talker is not None:
            self._name(over, talker)
        if named or encryption != over.encryption:
            over.encryption = encryption
            self.update(over)

    def _name(self, over: Transmission, talker: UnitId) -> None:
        over.talker, over.alias = talker, self._ctx.addresses.alias(talker)
        call = over.call
        if call.emergency and call.emergency_unit in (None, talker):
            call.emergency_unit, over.emergency = talker, True

    def _hears_too(self, over: Transmission, link: LinkId) -> None:
        if link in over.receptions or over.call.private is not None:
            return
        over.receptions[link] = TransmissionId(self._ctx.new_id("t"))
        if self.listener is not None:
            self.listener.heard_too(over, link)

    def _hears_no_more(self, over: Transmission, link: LinkId, cause: str) -> None:
        if over.request is None and over.link == link:
            still = [other for other in over.receptions if over.call.legs[other].talking]
            self.use(over, still[0])
            self._tails[over.id] = MonoMs(self._ctx.now() + TAIL_MS)
        if self.listener is not None:
            self.listener.heard_no_more(over, link, self._end_of(over, cause))
        del over.receptions[link]

    def _end_of(self, over: Transmission, cause: str) -> RecordingEnd:
        return RecordingEnd(
            duration_ms=self._ctx.now() - over.started_ms,
            cause=cause,
            talker=over.talker,
            alias=over.alias,
            emergency=over.emergency,
            lost_frames=over.lost_frames,
        )

    def _start(self, over: Transmission) -> None:
        call = over.call
        if over.request is not None and is_duplex(call):
            call.own = over
        else:
            call.transmission = over
        self._ctx.publish(
            TransmissionStarted(
                transmission=over.id,
                call=call.id,
                talkgroup=call.talkgroup,
                link=over.link,
                talker=over.talker,
                alias=over.alias,
                position=over.position,
                operator=over.operator,
                priority=call.priority,
                emergency=over.emergency,
                encrypted=over.encrypted,
                readable=over.encryption.readable,
                late_entry=over.late_entry,
                algorithm=over.encryption.algorithm,
                key_id=over.encryption.key_id,
                exercise=call.exercise,
                patch=over.passed.patch if over.passed else None,
                patch_label=over.passed.label if over.passed else "",
                source=over.passed.source.id if over.passed else None,
            )
        )
        if self.listener is not None:
            self.listener.began(over)
