"""``meta/case.jsonld``: a summary for case management that reads CASE/UCO. Nothing depends on it.

Classes and properties are those of UCO 1.x and CASE 1.x (caseontology.org): files with their
SHA-256, the investigation, the export as an investigative action with who asked and who approves.
"""

import uuid
from typing import Any

from dispatch.evidence.builder import json_bytes
from dispatch.evidence.draft import Draft, utc_text

NAME = "meta/case.jsonld"
_SPACE = uuid.UUID("6f5a3c1e-2c0a-5f0e-9d43-6d0b7a0f2b11")
"""Makes ids that are the same for the same package."""
_CONTEXT = {
    "kb": "urn:uuid:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "uco-vocabulary": "https://ontology.unifiedcyberontology.org/uco/vocabulary/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def case_summary(draft: Draft) -> bytes:
    """Return the summary of a package."""

    def name(kind: str, thing: str) -> str:
        return f"kb:{uuid.uuid5(_SPACE, f'{draft.id} {kind} {thing}')}"

    files = [
        _file(name("file", original.name), original.name, original.sha256)
        for item in draft.items
        for original in item.originals
    ]
    people = {who: name("person", who) for who in
              (draft.requested_by, *(one.id for one in draft.approvers))}  # fmt: skip
    action = {
        "@id": name("action", "export"),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "export of evidence",
        "uco-core:description": draft.why.text or draft.why.ref or draft.why.code,
        "uco-action:startTime": {"@type": "xsd:dateTime", "@value": utc_text(draft.created)},
        "uco-action:performer": {"@id": people[draft.requested_by]},
        "uco-action:participant": [{"@id": people[one.id]} for one in draft.approvers],
        "uco-action:result": [{"@id": one["@id"]} for one in files],
    }
    investigation = {
        "@id": name("investigation", draft.why.ref or draft.id),
        "@type": "case-investigation:Investigation",
        "uco-core:name": draft.why.ref or draft.id,
        "uco-core:object": [{"@id": action["@id"]}, *({"@id": one["@id"]} for one in files)],
    }
    accounts = [
        {
            "@id": at,
            "@type": "uco-identity:Person",
            "uco-core:name": who,
        }
        for who, at in people.items()
    ]
    graph = [investigation, action, *accounts, *files]
    return json_bytes({"@context": _CONTEXT, "@graph": graph})


def _file(at: str, name: str, sha256: str) -> dict[str, Any]:
    facet = at.replace("kb:", "kb:f")
    digest = {
        "@id": f"{facet}-hash",
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": {"@type": "uco-vocabulary:HashNameVocab", "@value": "SHA256"},
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256},
    }
    return {
        "@id": at,
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [
            {
                "@id": f"{facet}-file",
                "@type": "uco-observable:FileFacet",
                "uco-observable:filePath": name,
                "uco-observable:fileName": name.rpartition("/")[2],
            },
            {
                "@id": f"{facet}-content",
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:hash": [digest],
            },
        ],
    }
