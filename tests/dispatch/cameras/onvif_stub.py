"""An ONVIF device for tests: the event service with a pull point, and the faults of the field.

Written from the Core specification's examples and what is reported of devices; it refuses what a
device refuses: a missing or wrong digest, more subscriptions than it has, an address it never gave.
"""

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SOAP = "http://www.w3.org/2003/05/soap-envelope"
NAMESPACES = (
    f'xmlns:s="{SOAP}" xmlns:wsa="http://www.w3.org/2005/08/addressing" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
    'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:tns1="http://www.onvif.org/ver10/topics" '
    'xmlns:ter="http://www.onvif.org/ver10/error"'
)
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
PASSWORD = "camera-pass"


def notification(topic: str, data: str, *, operation: str = "", source: str = "1") -> str:
    """Return one notification message with the time of now."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    property_ = f' PropertyOperation="{operation}"' if operation else ""
    return (
        "<wsnt:NotificationMessage><wsnt:Topic Dialect="
        '"http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f'{topic}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="{stamp}"{property_}>'
        f'<tt:Source><tt:SimpleItem Name="VideoSource" Value="{source}"/></tt:Source>'
        f"<tt:Data>{data}</tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def item(name: str, value: str) -> str:
    return f'<tt:SimpleItem Name="{name}" Value="{value}"/>'


def state(active: bool) -> str:
    return item("State", "true" if active else "false")


@dataclass
class OnvifStub:
    """The device. Faults are switched on by their fields."""

    clock_off: timedelta = timedelta()
    current_time_off: timedelta = timedelta()
    """How far CurrentTime of the pull point is from its own clock: seen hours off."""
    nat_host: str = ""
    """An address that the device believes to have, from inside its own network."""
    max_points: int = 2
    relative_refused: bool = False
    any_time_refused: bool = False
    renew_refused: bool = False
    sync_refused: bool = False
    no_events: bool = False
    lifetime_s: int = 60
    standing: list[str] = field(default_factory=list)
    """Notifications that SetSynchronizationPoint tells again."""
    calls: list[str] = field(default_factory=list)
    open: dict[str, list[str]] = field(default_factory=dict)
    fail_pulls: int = 0
    port: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        self.app = Starlette(
            routes=[
                Route("/onvif/{service}", self._soap, methods=["POST"]),
                Route("/onvif/sub/{point}", self._soap, methods=["POST"]),
            ]
        )
        self._news = asyncio.Event()

    def tell(self, *messages: str) -> None:
        """Put notifications into every open subscription."""
        for waiting in self.open.values():
            waiting.extend(messages)
        self._news.set()

    async def _soap(self, request: Request) -> Response:
        envelope = fromstring(await request.body())
        body = next(e for e in envelope.iter() if e.tag == f"{{{SOAP}}}Body")
        name = body[0].tag.rpartition("}")[2]
        self.calls.append(name)
        if name != "GetSystemDateAndTime" and not self._signed(envelope):
            return fault("ter:NotAuthorized", "Sender not authorized", 400)
        point = request.path_params.get("point", "")
        if point and point not in self.open:
            return fault("wsnt:ResourceUnknownFault", "the subscription is not known", 400)
        answer: Response = await getattr(self, f"_{name}")(body[0], point)
        return answer

    def _signed(self, envelope: Element) -> bool:
        """Check the digest: Base64(SHA-1(nonce + created + password)) (WSS UsernameToken)."""
        found = {e.tag.rpartition("}")[2]: (e.text or "") for e in envelope.iter()}
        if not {"Username", "Password", "Nonce", "Created"} <= set(found):
            return False
        created = datetime.fromisoformat(found["Created"])
        if abs(created - (datetime.now(UTC) + self.clock_off)) > timedelta(seconds=5):
            return False
        raw = base64.b64decode(found["Nonce"]) + found["Created"].encode() + PASSWORD.encode()
        right = base64.b64encode(hashlib.sha1(raw).digest()).decode()
        return found["Username"] == "samband" and found["Password"] == right

    async def _GetSystemDateAndTime(self, _: Element, __: str) -> Response:
        now = datetime.now(UTC) + self.clock_off
        return answer(
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
            "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
            "<tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
            f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
            f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _address(self, path: str) -> str:
        return f"http://{self.nat_host or '127.0.0.1'}:{self.port}/onvif/{path}"

    async def _GetServices(self, _: Element, __: str) -> Response:
        services = [("http://www.onvif.org/ver10/device/wsdl", "device_service")]
        if not self.no_events:
            services.append((EVENTS, "events"))
        listed = "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>"
            f"{self._address(path)}</tds:XAddr><tds:Version><tt:Major>2</tt:Major>"
            "<tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for namespace, path in services
        )
        return answer(f"<tds:GetServicesResponse>{listed}</tds:GetServicesResponse>")

    async def _GetCapabilities(self, _: Element, __: str) -> Response:
        return fault("ter:ActionNotSupported", "no capabilities", 400)

    async def _CreatePullPointSubscription(self, call: Element, _: str) -> Response:
        asked = next((e.text or "" for e in call.iter() if "InitialTerm" in e.tag), "")
        if self.any_time_refused and asked:
            return fault("ter:InvalidArgVal", "InitialTerminationTime is not taken", 400)
        if self.relative_refused and asked.startswith("PT"):
            return fault("ter:InvalidArgVal", "InitialTerminationTime is not a time", 400)
        if len(self.open) >= self.max_points:
            return fault("ter:Action", "The maximum number of pull points is reached", 500)
        self.made += 1
        point = f"p{self.made}"
        self.open[point] = []
        return answer(
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference><wsa:Address>"
            f"{self._address('sub/' + point)}</wsa:Address></tev:SubscriptionReference>"
            f"{self._times()}</tev:CreatePullPointSubscriptionResponse>"
        )

    def _times(self, prefix: str = "wsnt") -> str:
        now = datetime.now(UTC) + self.current_time_off
        end = now + timedelta(seconds=self.lifetime_s)
        form = "%Y-%m-%dT%H:%M:%SZ"
        return (
            f"<{prefix}:CurrentTime>{now.strftime(form)}</{prefix}:CurrentTime>"
            f"<{prefix}:TerminationTime>{end.strftime(form)}</{prefix}:TerminationTime>"
        )

    async def _PullMessages(self, _: Element, point: str) -> Response:
        if self.fail_pulls:
            self.fail_pulls -= 1
            return fault("ter:Action", "internal error", 500)
        if not self.open[point]:
            self._news.clear()
            try:
                async with asyncio.timeout(0.3):
                    await self._news.wait()
            except TimeoutError:
                pass
        waiting = self.open.get(point, [])
        messages, waiting[:] = "".join(waiting[:100]), waiting[100:]
        return answer(
            f"<tev:PullMessagesResponse>{self._times('tev')}{messages}</tev:PullMessagesResponse>"
        )

    async def _SetSynchronizationPoint(self, _: Element, point: str) -> Response:
        if self.sync_refused:
            return fault("ter:ActionNotSupported", "not supported", 500)
        self.open[point].extend(self.standing)
        return answer("<tev:SetSynchronizationPointResponse/>")

    async def _Renew(self, _: Element, __: str) -> Response:
        if self.renew_refused:
            return fault("ter:ActionNotSupported", "not supported", 500)
        now = datetime.now(UTC)
        return answer(
            "<wsnt:RenewResponse><wsnt:TerminationTime>"
            f"{(now + timedelta(seconds=self.lifetime_s)).strftime('%Y-%m-%dT%H:%M:%SZ')}"
            f"</wsnt:TerminationTime><wsnt:CurrentTime>{now.strftime('%Y-%m-%dT%H:%M:%SZ')}"
            "</wsnt:CurrentTime></wsnt:RenewResponse>"
        )

    async def _Unsubscribe(self, _: Element, point: str) -> Response:
        self.open.pop(point, None)
        return answer("<wsnt:UnsubscribeResponse/>")


def answer(body: str) -> Response:
    text = f'<?xml version="1.0"?><s:Envelope {NAMESPACES}><s:Body>{body}</s:Body></s:Envelope>'
    return Response(text, media_type="application/soap+xml")


def fault(code: str, words: str, status: int) -> Response:
    body = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
        f"<s:Value>{code}</s:Value></s:Subcode></s:Code><s:Reason>"
        f'<s:Text xml:lang="en">{words}</s:Text></s:Reason></s:Fault>'
    )
    made: Any = answer(body)
    made.status_code = status
    return Response(made.body, status_code=status, media_type="application/soap+xml")
