"""What a person is told: all of it, nobody's name, no trace of what is left out."""

import json
from typing import Any

import pytest
from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Actor, Obj, Purpose
from dispatch.extracts.render import as_html, as_json, as_text
from dispatch.extracts.restriction import FOREVER, restricted, until_of
from dispatch.extracts.words import LANGUAGES, WORDS
from dispatch.reports.shifts import shifts_of
from dispatch.retention.tables import LegalOrder
from tests.dispatch.room import Room

UTC = shifts_of((), "UTC").zone
FUTURE = "2999-01-01T00:00:00Z"
CONTENT: dict[str, Any] = {
    "room": "Norrvik", "ref": "DP-1", "from_utc": 0, "to_utc": 86_400_000_000, "made_utc": 0,
    "rows": [
        {"t_utc": 60_000_000, "op": "consult", "object": "call", "code": "incident",
         "ref": "INC-1", "text": "", "recipient": ""},
        {"t_utc": 120_000_000, "op": "disclose", "object": "unheard_of", "code": "", "ref": "",
         "text": "", "recipient": "<Court>"},
    ],
}  # fmt: skip


@pytest.fixture
async def known(room: Room) -> Room:
    """A radio was searched for by a clerk, given out under seal, and looked at under an order."""
    subject = Obj(type="call_log", id="search", subject="net/1001")
    clerk = Actor(id="u-clerk-77", role="dispatcher", unit="Clerks' room")
    for act in (
        Act(op="consult", verb="call.search", actor=clerk, obj=subject,
            purpose=Purpose(code="incident", ref="INC-2026-000001", text="typed by the clerk")),
        Act(op="disclose", verb="package.fetched", actor=clerk,
            obj=Obj(type="package", id="EV-2026-000001", subject="net/1001"),
            recipient={"name": "Secret court", "country": "SE"},
            detail={"restricted_until": FUTURE}),
        Act(op="consult", verb="package.opened", actor=clerk,
            obj=Obj(type="package", id="EV-2026-000001", subject="net/1001")),
        Act(op="consult", verb="call.open", actor=clerk, obj=subject,
            purpose=Purpose(code="order", ref="ORDER-9")),
        Act(op="consult", verb="call.search", actor=clerk, obj=subject, result="denied"),
        Act(op="system", verb="call.started", actor=SYSTEM, obj=subject),
    ):  # fmt: skip
        await room.audit.append(act)
    room.store.write_now(_order)
    return room


def _order(db: Session) -> None:
    db.add(
        LegalOrder(
            id="o-1", number="ORDER-9", authority="Court", case="K", basis="b", deadline_utc=0,
            document_sha256="0" * 64, tell="not_before:2999-01-01",
            restricted_until_utc=FOREVER // 2, by="u", by_name="u", made_utc=0,
        )
    )  # fmt: skip


async def drafted(room: Room) -> dict[str, Any]:
    dpo = await room.browser("dpo")
    body = {
        "kind": "unit",
        "value": "1001",
        "ref": "DP-2026-1",
        "first": "2026-01-01",
        "last": "2026-12-31",
    }
    answer = await dpo.post("/extracts", body)
    assert answer.status_code == 200, answer.text
    return {"dpo": dpo, **answer.json()}


async def test_restricted_entries_are_left_out_without_a_trace(known: Room) -> None:
    made = await drafted(known)
    dpo, path = made["dpo"], f"/extracts/{made['id']}"
    assert [(row["verb"], row["left_out"] is not None) for row in made["rows"]] == [
        ("call.search", False), ("package.fetched", True), ("package.opened", True),
        ("call.open", True),
    ]  # fmt: skip
    assert (await dpo.get(f"{path}/document")).status_code == 409
    assert (await dpo.post(f"{path}/release")).status_code == 200
    for language in LANGUAGES:
        for form in ("text", "html", "json"):
            told = (
                await dpo.get(f"{path}/document", params={"language": language, "form": form})
            ).text
            for secret in (
                "clerk",
                "Clerk",
                "Secret court",
                "ORDER-9",
                "EV-2026",
                "u-",
                "hmac",
                "seq",
            ):
                assert secret not in told, (language, form, secret)
            assert "INC-2026-000001" in told
    rows = (await dpo.get(f"{path}/document", params={"form": "json"})).json()["rows"]
    assert [row["number"] for row in rows] == ["1"]
    auditor = await known.browser("auditor")
    log = (
        await auditor.get("/trail/person", params={"user": dpo.me["user"]["id"], "op": "disclose"})
    ).json()
    released = next(row for row in log["rows"] if row["verb"] == "extract.released")
    assert (released["detail"]["told"], released["detail"]["left_out"]) == (1, 3)
    assert "its order may not be told of" in released["detail"]["reason"]


async def test_the_officer_decides_on_rows_and_words(known: Room) -> None:
    made = await drafted(known)
    dpo, path = made["dpo"], f"/extracts/{made['id']}"
    seq = made["rows"][0]["seq"]
    short = await dpo.post(f"{path}/release", {"leave_out": [{"seq": seq, "reason": "no"}]})
    assert short.status_code == 400
    done = await dpo.post(f"{path}/release", {"with_words": [seq]})
    assert done.status_code == 200
    assert "typed by the clerk" in (await dpo.get(f"{path}/document", params={"form": "text"})).text
    assert (await dpo.post(f"{path}/release", {})).status_code == 409
    again = await drafted(known)
    reason = {"leave_out": [{"seq": seq, "reason": "it would harm a witness"}]}
    path = f"/extracts/{again['id']}"
    assert (await dpo.post(f"{path}/release", reason)).status_code == 200
    empty = (await dpo.get(f"{path}/document", params={"form": "text"})).text
    assert WORDS["en"].none in empty
    assert WORDS["en"].restriction in empty


async def test_only_the_officer_has_extracts(known: Room) -> None:
    for name in ("dispatcher", "supervisor", "engineer", "auditor", "administrator"):
        browser = await known.browser(name)
        assert (await browser.get("/extracts")).status_code == 403
        assert (await browser.post("/extracts", {})).status_code == 403


async def test_the_store_keeps_no_name_of_the_person(known: Room) -> None:
    await drafted(known)
    raw = b"".join(path.read_bytes() for path in known.state.glob("samband.db*"))
    assert b'"value": "1001"' not in raw


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_the_same_whatever_was_left_out(language: str) -> None:
    words = WORDS[language]
    nothing = CONTENT | {"rows": []}
    for content in (CONTENT, nothing):
        for told in (as_text(content, language, UTC), as_html(content, language, UTC)):
            assert words.restriction in told.replace("&#x27;", "'")
        assert as_json(content, language, UTC)["notes"] == [
            words.staff,
            words.restriction,
            words.complain,
        ]
    assert "<Court>" not in as_html(CONTENT, language, UTC)
    assert "&lt;Court&gt;" in as_html(CONTENT, language, UTC)


def test_every_language_says_the_same_things() -> None:
    for words in WORDS.values():
        for name in ("operations", "objects", "purposes"):
            assert getattr(words, name).keys() == getattr(WORDS["en"], name).keys()
        assert all(getattr(words, name) for name in words.__dataclass_fields__)


@pytest.mark.parametrize(
    ("value", "until"),
    [(None, 0), ("", 0), (5, 5), ("1970-01-01T00:00:01Z", 1_000_000), ("when it is over", FOREVER)],
)
def test_a_restriction_that_cannot_be_read_restricts(value: object, until: int) -> None:
    assert until_of({"detail": {"restricted_until": value}}) == until


def test_a_restriction_that_has_passed_is_told() -> None:
    entry = {"detail": {"restricted_until": 10}, "obj": {"type": "package", "id": "EV-1"}}
    assert restricted([(1, entry)], {}, now=11) == {}
    assert list(restricted([(1, entry)], {}, now=9)) == [1]
    assert json.dumps(entry)
