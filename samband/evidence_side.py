"""Wiring of what makes the audit log believable, and of the evidence that leaves."""

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.cosign import Cosigning, witness_at
from dispatch.audit.keys import KeyFolder, log_signing_key
from dispatch.audit.log import sqlite_path
from dispatch.audit.mirror import Mirror
from dispatch.audit.outside import OutsideProof
from dispatch.audit.stamp import authority
from dispatch.audit.writer import AuditWriter
from dispatch.evidence.collecting import Collecting
from dispatch.evidence.daily import DailyCheck
from dispatch.evidence.expiry import follow_erasure
from dispatch.evidence.exporter import exporter_signer
from dispatch.evidence.gather import Folders
from dispatch.evidence.making import Making
from dispatch.evidence.outages import Outages
from dispatch.evidence.parts import Parts
from dispatch.evidence.service import Evidence
from dispatch.evidence.shelf import Shelf
from dispatch.incidents.service import Incidents
from dispatch.oversight.approvals import Approvals
from dispatch.retention.erasure import Erasure
from dispatch.retention.sealed import SealedFiles
from dispatch.services.record import Record
from dispatch.services.registry import Services
from samband.config import Config


class EvidenceSide:
    """Starts and stops with the server."""

    def __init__(self, config: Config, writer: AuditWriter, services: Services) -> None:
        """Make the services and file them."""
        self._outside = services.add(outside_proof(config, writer))
        self._outages = services.add(
            Outages(config.state / "evidence", services.bus, services.clock)
        )
        evidence = services.add(evidence_service(config, writer, services, self._outside))
        witnesses = tuple(one.key for one in self._outside.cosigning.witnesses)
        database = sqlite_path(config.audit_url)
        services.add(Mirror(writer, database, config.state / "mirror", witnesses))
        self._daily = services.add(
            DailyCheck(
                services.store,
                config.state,
                config.site.gateway,
                services.use(Record),
            )
        )
        self._daily.also.append(evidence.expiry.erase_due)

    def start(self) -> None:
        """Begin to ask and to compare."""
        self._outages.start()
        self._outside.start()
        self._daily.start()

    async def close(self) -> None:
        """End both; safe twice."""
        await self._daily.close()
        await self._outside.close()
        await self._outages.close()


def outside_proof(config: Config, writer: AuditWriter) -> OutsideProof:
    """Return the service of a configuration; raises ConfigError on keys that cannot be."""
    database = sqlite_path(config.audit_url)
    audit = config.audit
    witnesses = tuple(witness_at(one.key, one.url) for one in audit.witness)
    tsa = None
    if audit.stamp_url is not None and audit.stamp_roots is not None:
        tsa = authority(audit.stamp_url, audit.stamp_roots)
    cosigning = Cosigning(database, writer.folder, witnesses)
    return OutsideProof(database, writer.folder, cosigning, tsa)


def evidence_service(
    config: Config, writer: AuditWriter, services: Services, outside: OutsideProof | None
) -> Evidence:
    """Return the service that makes packages; its key is made at the first start."""
    keys = KeyFolder(config.state / "keys")
    origin = writer.status.origin
    log = NoteSigner(origin, log_signing_key(keys))
    making = Making(
        database=sqlite_path(config.audit_url),
        audit_folder=writer.folder,
        log_vkey=log.vkey,
        exporter=exporter_signer(origin, keys, writer.folder),
        outside=outside,
        redacted_folder=config.state / "evidence" / "redacted",
    )
    files = services.use(SealedFiles)
    shelf = Shelf(config.state, files)
    shelf.sweep()
    evidence = Evidence(
        Parts(
            store=services.store,
            plan=services.plan,
            people=services.people,
            writer=writer,
            record=services.use(Record),
            clock=services.clock,
            bus=services.bus,
            making=making,
            shelf=shelf,
            folders=Folders(
                recordings=config.state / "recordings",
                media=config.state / "media",
                files=files,
            ),
            outages=services.use(Outages),
            approvals=services.use(Approvals),
        )
    )
    follow_erasure(evidence.expiry, services.use(Erasure), files)
    return evidence


def collect_messages(services: Services) -> None:
    """Tie messages of cameras to the log as they are stored."""
    collecting = Collecting(services.use(Record).note, services.clock, services.randomness)
    services.use(Incidents).also(collecting.in_batch)
