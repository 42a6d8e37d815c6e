"""Time for courts: an authority's token over a checkpoint (RFC 3161; the extra ``timestamp``).

A witness bounds when a checkpoint existed, for those who know the witness. A timestamping authority does so
for anybody who knows its root certificate, which is what courts and auditors often ask for.

    adamas.checkpoint        the signed note, any file of it
    adamas.checkpoint.tsq    the request: SHA-256 of the file's bytes, no nonce, the certificate asked for
    adamas.checkpoint.tsr    the authority's answer, with the token in it

The same bytes give the same request. There is no nonce, because an older token over the same bytes is no
attack: it proves more. `openssl` checks the same files:

    openssl ts -verify -data adamas.checkpoint -in adamas.checkpoint.tsr -CAfile root.pem

The authority's certificates need to be valid at the token's time, and not today. Whether they were revoked is
not looked up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.errors import Faults, KeyTrouble, Malformed, Unavailable
from ledger.federation import posting
from ledger.values import dataclass

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

REQUEST_MEDIA = "application/timestamp-query"
ANSWER_MEDIA = "application/timestamp-reply"
REQUEST_SUFFIX = ".tsq"
ANSWER_SUFFIX = ".tsr"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SETS = (0x31, 0xA0, 0xA1)
"""In CMS's SignedData: digest algorithms and signers, certificates, revocation lists."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says: these bytes existed at ``time`` (microseconds since 1970 UTC), give or take
    ``accuracy`` (microseconds, None when not said); by whom, under which policy, with which number."""

    time: int
    accuracy: int | None
    authority: str
    policy: str
    serial: int


def request(data: bytes) -> bytes:
    """The request for a token over a signed checkpoint's bytes.

    Raises `Malformed` (``checkpoint-...``, ``note-...``) for bytes that are none, `Unavailable`
    (``timestamp-unavailable``) without the extra.
    """
    client = _client()
    SignedCheckpoint.parse(data)
    builder = client.TimestampRequestBuilder(data, client.HashAlgorithm.SHA256, nonce=False, cert_req=True)
    encoded: bytes = builder.build().as_bytes()
    return encoded


def fetch(url: str, asked: bytes, *, timeout: float = 30.0) -> bytes:
    """The answer of an authority; nothing of it is checked yet.

    Raises `Malformed` (``server-url``), `Unavailable` (``server-silent``, ``server-long``,
    ``timestamp-status``).
    """
    reply = posting.post(url, asked, REQUEST_MEDIA, timeout=timeout)
    if reply.status != 200 or reply.media != ANSWER_MEDIA:
        raise Unavailable("timestamp-status", url=url, status=reply.status, media=reply.media[:80])
    return reply.body


def check(data: bytes, answer: bytes, roots: bytes) -> Stamp:
    """What the token in an answer says of a checkpoint's bytes; ``roots``: trusted certificates in PEM.

    Raises `Malformed` (``timestamp-form``: no answer, or one whose token cannot be read), `Faults`
    (``timestamp-refused``: the authority gave no token; ``timestamp-fails``: it is over other bytes, or not
    signed by an authority under the roots), `KeyTrouble` (``timestamp-roots``), `Unavailable`
    (``timestamp-unavailable``).
    """
    client = _client()
    verifier = client.VerifierBuilder(roots=_certificates(roots)).build()
    response = _parsed(client, answer)
    try:
        verifier.verify_message(response, data)
    except (client.VerificationError, ValueError) as problem:
        raise Faults("timestamp-fails", reason=str(problem)) from None
    return _stamp(response)


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise Unavailable("timestamp-unavailable") from None
    return rfc3161_client


def _certificates(roots: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(roots)
    except ValueError as problem:
        raise KeyTrouble("timestamp-roots", reason=str(problem)) from None


def _parsed(client: Any, answer: bytes) -> TimeStampResponse:
    try:
        response: TimeStampResponse = client.decode_timestamp_response(in_order(answer))
    except ValueError as problem:
        raise Malformed("timestamp-form", reason=str(problem)) from None
    if response.status != client.PKIStatus.GRANTED:
        said = "".join(c if c.isprintable() else "?" for c in " ".join(response.status_string))[:200]
        raise Faults("timestamp-refused", status=response.status, said=said)
    return response


def _stamp(response: TimeStampResponse) -> Stamp:
    from cryptography.x509 import DirectoryName

    told = response.tst_info
    name = told.name
    authority = name.value.rfc4514_string() if isinstance(name, DirectoryName) else _signer(response)
    accuracy = None
    if told.accuracy is not None:
        parts = (told.accuracy.seconds or 0, told.accuracy.millis or 0, told.accuracy.micros or 0)
        accuracy = parts[0] * 1_000_000 + parts[1] * 1_000 + parts[2]
    time = (told.gen_time - _EPOCH) // timedelta(microseconds=1)
    return Stamp(time, accuracy, authority, told.policy.dotted_string, told.serial_number)


def _signer(response: TimeStampResponse) -> str:
    """The signing certificate's number and issuer, where the token does not name the authority."""
    signer = next(iter(response.signed_data.signer_infos))
    return f"certificate {signer.serial_number} of {signer.issuer.rfc4514_string()}"


def in_order(answer: bytes) -> bytes:
    """The answer with its sets of certificates in the order of DER.

    Authorities send them in any order, which CMS allows (RFC 5652), and the library insists on one. No
    signature is over that order, and a set keeps its length. Bytes that are no answer come back unchanged.
    """
    ordered = bytearray(answer)
    try:
        (response,) = _elements(answer, 0, len(answer))
        _, token = _elements(answer, *response[1:])  # the status, and the token where there is one
        _, content = _elements(answer, *token[1:])
        (signed,) = _elements(answer, *content[1:])
        for tag, start, end in _elements(answer, *signed[1:]):
            if tag in _SETS:
                ordered[start:end] = b"".join(_encodings(answer, start, end))
    except ValueError:
        return answer
    return bytes(ordered)


def _encodings(data: bytes, start: int, end: int) -> list[bytes]:
    """The elements of a set, ascending."""
    stops = [stop for _, _, stop in _elements(data, start, end)]
    return sorted(data[first:stop] for first, stop in zip([start, *stops], stops, strict=False))


def _elements(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """(tag, start, end of the content) of each DER element. Raises ``ValueError`` for anything else."""
    found: list[tuple[int, int, int]] = []
    while start < end:
        tag, length, inner = data[start], data[start + 1] if start + 1 < end else 0x80, start + 2
        if length >= 0x80:
            inner += length & 0x7F
            length = int.from_bytes(data[start + 2 : inner], "big") if 0x80 < length <= 0x84 else end
        if inner + length > end:
            raise ValueError(start)
        found.append((tag, inner, inner + length))
        start = inner + length
    return found
