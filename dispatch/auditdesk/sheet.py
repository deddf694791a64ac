"""What a call sheet tells besides the call: where it came in, its emergency, its presses.

All of it is read after ``CallLog.sheet`` has checked the rights and logged that it was opened.
"""

from sqlmodel import Session, col, select

from dispatch.audit.outside import STALE_S, OutsideProof
from dispatch.auditdesk.call_lines import lines_of
from dispatch.auth.access import Access
from dispatch.errors import NotFound
from dispatch.extracts.corrections import beside
from dispatch.retention.holds import Holds
from dispatch.services.plans import LivePlan
from dispatch.services.registry import Services
from dispatch.services.rows import Row
from dispatch.store.tables import Alarm, Call, Press
from gateway.model.plan import Plan, System


async def with_facts(services: Services, sheet: Row, access: Access) -> Row:
    """Return a sheet with way, alarms, presses, lines and holds, and what stands outside the log.

    ``access`` is the reader's: a hold shows what that person may know of it.
    """
    call = str(sheet["id"])
    heard = [str(one["id"]) for one in sheet["transmissions"]]
    facts = await services.store.read(lambda db: _facts(db, call, heard, services.plan))
    proof = sheet.get("integrity")
    if isinstance(proof, dict):
        proof.update(outside(services, proof.get("entry_seq")))
    return sheet | facts | {"holds": await _holds(services, call, access)}


async def _holds(services: Services, call: str, access: Access) -> list[Row]:
    if not services.has(Holds):
        return []
    try:
        found = await services.use(Holds).of_call(access, call)
    except NotFound:
        return []
    return [
        {
            "id": row["id"],
            "reason": row["reason"],
            "basis": row["basis"],
            "by": row["by_name"],
            "since_utc": row["set_utc"],
            "review_utc": row["review_utc"],
        }
        for row in found
        if row["state"] != "lifted"
    ]


def outside(services: Services, entry: int | None) -> Row:
    """Return who confirmed the log, and whether what they saw reaches as far as this entry."""
    if entry is None or not services.has(OutsideProof):
        return {"witnesses": [], "stamp": None}
    proof = services.use(OutsideProof)
    now_s = services.clock.utc_us() // 1_000_000
    witnesses = [
        {
            "name": one.name,
            "size": one.size,
            "at_utc": one.at_s * 1_000_000 or None,
            "covers": one.size > entry,
            "stale": now_s - one.at_s > STALE_S,
            "fault": one.fault,
        }
        for one in proof.witnesses()
    ]
    stamped = proof.stamped()
    stamp = None
    if stamped is not None:
        at_s = proof.stamped_at_s()
        stamp = {
            "size": stamped.size,
            "at_utc": None if at_s is None else at_s * 1_000_000,
            "covers": stamped.size > entry,
            "fault": stamped.fault,
        }
    return {"witnesses": witnesses, "stamp": stamp}


def _facts(db: Session, call: str, heard: list[str], plan: LivePlan) -> Row:
    row = db.get(Call, call)
    alarms = db.exec(select(Alarm).where(Alarm.call == call).order_by(col(Alarm.raised_utc)))
    presses = db.exec(select(Press).where(col(Press.transmission).in_(heard)))
    return {
        "way": _way(row, plan.plan) if row else None,
        "alarms": [_alarm(one) for one in alarms],
        "lines": lines_of(db, call),
        "corrections": beside(db, "call", [call]),
        "presses": {
            str(one.transmission): {
                "wait_ms": one.wait_ms,
                "source": one.source,
                "queued": one.queued_utc is not None,
                "cause": one.cause,
            }
            for one in presses
        },
    }


def _way(call: Call, plan: Plan) -> Row:
    """Return link, site, system and group of a call, as far as the plan still names them."""
    link = next((one for one in plan.links if one.id == call.link), None)
    site = next((one for one in plan.sites if link and one.id == link.site), None)
    group = next((one for one in plan.talkgroups if one.id == call.talkgroup), None)
    system = next((one for one in plan.systems if group and one.id == group.system), None)
    return {
        "link": call.link,
        "link_name": link.name if link else call.link,
        "link_kind": link.kind if link else "",
        "site": site.name if site else "",
        "system": system.name if system else "",
        "technology": system.technology if system else "",
        "network": _network(system),
        "group": group.number if group else None,
    }


def _network(system: System | None) -> str:
    if system is None:
        return ""
    if system.mcc is not None and system.mnc is not None:
        return f"{system.mcc}-{system.mnc}"
    if system.wacn is not None and system.system_id is not None:
        return f"{system.wacn:05X}-{system.system_id:03X}"
    return ""


def _alarm(row: Alarm) -> Row:
    return {
        "id": row.id,
        "alias": row.alias,
        "raised_utc": row.raised_utc,
        "ack_utc": row.ack_utc,
        "ack_by": row.ack_by,
        "way": row.way,
        "way_reason": row.way_reason,
        "exercise": row.exercise,
        "no_exercise": row.no_exercise,
        "late": row.late,
        "ended_utc": row.ended_utc,
        "ended_by": row.ended_by,
        "end_reason": row.end_reason,
    }
