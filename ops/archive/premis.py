"""PREMIS 3 for an archive's catalogue: the restored photo, its original, the event between them, and who did it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from ops.archive.provenance import Provenance

NAMESPACE = "http://www.loc.gov/premis/v3"


def premis_xml(records: Iterable[Provenance]) -> Iterator[str]:
    """Stream a PREMIS document: objects, one modification event a photo, one agent a release and software."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<premis xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0">\n'
    events, agents = [], dict[str, Provenance]()
    for record in records:
        if record.derivative is not None:
            yield _object(record)
            events.append(_event(record))
            agents[_agent_id(record)] = record
    yield from events
    for agent_id, record in agents.items():
        yield _agent(agent_id, record)
    yield "</premis>\n"


def _object(record: Provenance) -> str:
    assert record.derivative is not None
    assert record.picture is not None
    written = record.derivative
    return (
        '<object xsi:type="file">'
        f"{_identifier('object', written.key)}"
        "<objectCharacteristics><fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm>"
        f"<messageDigest>{written.sha256}</messageDigest></fixity><size>{written.num_bytes}</size>"
        f"<format><formatDesignation><formatName>{escape(record.picture.container)}</formatName></formatDesignation>"
        "</format></objectCharacteristics>"
        f"<originalName>{_text(record.original.key)}</originalName>"
        "<relationship><relationshipType>derivation</relationshipType>"
        "<relationshipSubType>has source</relationshipSubType><relatedObjectIdentifier>"
        "<relatedObjectIdentifierType>sha256</relatedObjectIdentifierType>"
        f"<relatedObjectIdentifierValue>{record.original.sha256}</relatedObjectIdentifierValue>"
        "</relatedObjectIdentifier></relationship></object>\n"
    )


def _event(record: Provenance) -> str:
    assert record.derivative is not None
    detail = f"defects restored by {record.release.name} {record.release.version}; {record.recipe}"
    return (
        f"<event>{_identifier('event', f'restored {record.derivative.key}')}<eventType>modification</eventType>"
        f"<eventDateTime>{record.finished_at.isoformat()}</eventDateTime>"
        f"<eventDetailInformation><eventDetail>{_text(detail)}</eventDetail></eventDetailInformation>"
        "<eventOutcomeInformation><eventOutcome>success</eventOutcome></eventOutcomeInformation>"
        f"<linkingAgentIdentifier><linkingAgentIdentifierType>local</linkingAgentIdentifierType>"
        f"<linkingAgentIdentifierValue>{_text(_agent_id(record))}</linkingAgentIdentifierValue></linkingAgentIdentifier>"
        "<linkingObjectIdentifier><linkingObjectIdentifierType>local</linkingObjectIdentifierType>"
        f"<linkingObjectIdentifierValue>{_text(record.derivative.key)}</linkingObjectIdentifierValue>"
        "</linkingObjectIdentifier></event>\n"
    )


def _agent(agent_id: str, record: Provenance) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.software.items()))
    return (
        f"<agent>{_identifier('agent', agent_id)}<agentName>{_text(record.release.name)}</agentName>"
        f"<agentType>software</agentType><agentVersion>{_text(record.release.version)}</agentVersion>"
        f"<agentNote>model sha256 {record.release.sha256}; {_text(versions)}</agentNote></agent>\n"
    )


def _agent_id(record: Provenance) -> str:
    return f"{record.release.name} {record.release.version} {record.release.digest}"


def _identifier(kind: str, value: str) -> str:
    return (
        f"<{kind}Identifier><{kind}IdentifierType>local</{kind}IdentifierType>"
        f"<{kind}IdentifierValue>{_text(value)}</{kind}IdentifierValue></{kind}Identifier>"
    )


def _text(value: str) -> str:
    """Text for XML, which knows no control characters, not even as references."""
    return escape("".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in value))
