"""MediaMTX asks before every reader (``authMethod: http``): the decision, and what it is made of.

It sends ``{user, password, token, ip, action, path, protocol, id, query, userAgent}``; any 20x lets
the reader in. Its RTSP readers come without credentials first and have to hear 401, then they send
them. What is asked for by nobody's open view is refused, and so is all that is not asked for here.
"""

import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, Obj, Via
from dispatch.live.engines import MEDIAMTX, Engine
from dispatch.live.tokens import Tokens
from dispatch.live.views import LiveViews
from dispatch.services.record import Record
from gateway.model.ids import MonoMs
from gateway.ports import Clock

ALLOW, CREDENTIALS, FORBIDDEN, NO_JSON = 204, 401, 403, 400
MAX_BODY_BYTES = 16 * 1024
NOTE_EVERY_MS = 10_000
"""A refusal of one kind is written to the log at most this often; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What MediaMTX asks. Missing fields are empty, unknown ones are left out."""

    user: str = ""
    password: str = ""
    token: str = ""
    ip: str = ""
    action: str = ""
    path: str = ""
    protocol: str = ""
    id: str = ""
    query: str = ""
    userAgent: str = ""  # noqa: N815  # as MediaMTX writes it


def read_question(body: bytes) -> Question | None:
    """Return the question of a request, None when it is none."""
    try:
        given: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    names = Question.__dataclass_fields__
    texts = {key: value for key, value in given.items() if key in names and isinstance(value, str)}
    return Question(**texts)


class MediaMtxAuth:
    """Answers the engine's questions."""

    def __init__(
        self,
        *,
        engines: Mapping[str, Engine],
        views: LiveViews,
        tokens: Tokens,
        record: Record,
        clock: Clock,
    ) -> None:
        """Take who may ask, and whose views are open."""
        self._engines = [one for one in engines.values() if one.settings.kind == MEDIAMTX]
        self._views = views
        self._tokens = tokens
        self._record = record
        self._clock = clock
        self._noted: dict[str, MonoMs] = {}
        self.counters: Counter[str] = Counter()

    def answer(self, address: str, body: bytes) -> int:
        """Return the HTTP status that answers a question from ``address``."""
        engines = [one for one in self._engines if address in one.settings.auth_from]
        if not engines:
            self.counters["from an address that is not configured"] += 1
            return FORBIDDEN
        question = read_question(body) if len(body) <= MAX_BODY_BYTES else None
        if question is None:
            self.counters["no JSON"] += 1
            return NO_JSON
        if not (question.user or question.password or question.token):
            self.counters["credentials asked for"] += 1
            return CREDENTIALS
        if self._admits(question, engines):
            self.counters[f"{question.action} allowed"] += 1
            return ALLOW
        self.counters[f"{question.action or 'unknown'} refused"] += 1
        self._note(question, engines[0].id)
        return CREDENTIALS

    def _admits(self, question: Question, engines: Iterable[Engine]) -> bool:
        token = question.token or question.password
        match question.action:
            case "read":
                if question.protocol == "webrtc" and self._views.admits(token, question.path):
                    return True
                return self._tokens.admits(token, question.path, "read")
            case "playback":
                return self._tokens.admits(token, question.path, "playback")
            case "publish":
                return any(_publisher(one, question) for one in engines)
            case _:
                return False  # api, metrics, pprof: nobody by this way

    def _note(self, question: Question, engine: str) -> None:
        kind, now = f"{engine} {question.action} {question.protocol}", self._clock.mono_ms()
        before = self._noted.get(kind)
        if before is not None and now - before < NOTE_EVERY_MS:
            return
        self._noted[kind] = now
        detail = {
            "action": question.action[:32],
            "protocol": question.protocol[:16],
            "path": question.path[:200],
        }
        self._record.note(
            Act(
                op="consult",
                verb="camera.engine_refused",
                actor=SYSTEM,
                via=Via(ip=question.ip[:64]),
                obj=Obj(type="engine", id=engine, cat="camera"),
                result="denied",
                detail=detail,
            )
        )


def _publisher(engine: Engine, question: Question) -> bool:
    settings = engine.settings
    if not settings.publish_user or not settings.publish_password:
        return False
    right_user = hmac.compare_digest(settings.publish_user.encode(), question.user.encode())
    given = (question.password or question.token).encode()
    return hmac.compare_digest(settings.publish_password.encode(), given) and right_user
