"""Wiring of what makes the audit log believable: witnesses, time stamps, the daily comparison."""

from dispatch.audit.cosign import Cosigning, witness_at
from dispatch.audit.log import sqlite_path
from dispatch.audit.outside import OutsideProof
from dispatch.audit.stamp import authority
from dispatch.audit.writer import AuditWriter
from dispatch.evidence.daily import DailyCheck
from dispatch.services.record import Record
from dispatch.services.registry import Services
from samband.config import Config


class EvidenceSide:
    """Starts and stops with the server."""

    def __init__(self, config: Config, writer: AuditWriter, services: Services) -> None:
        """Make the services and file them."""
        self._outside = services.add(outside_proof(config, writer))
        self._daily = services.add(
            DailyCheck(
                services.store,
                config.state,
                config.site.gateway,
                services.use(Record),
            )
        )

    def start(self) -> None:
        """Begin to ask and to compare."""
        self._outside.start()
        self._daily.start()

    async def close(self) -> None:
        """End both; safe twice."""
        await self._daily.close()
        await self._outside.close()


def outside_proof(config: Config, writer: AuditWriter) -> OutsideProof:
    """Return the service of a configuration; raises ConfigError on keys that cannot be."""
    database = sqlite_path(config.store_url)
    audit = config.audit
    witnesses = tuple(witness_at(one.key, one.url) for one in audit.witness)
    tsa = None
    if audit.stamp_url is not None and audit.stamp_roots is not None:
        tsa = authority(audit.stamp_url, audit.stamp_roots)
    cosigning = Cosigning(database, writer.folder, witnesses)
    return OutsideProof(database, writer.folder, cosigning, tsa)
