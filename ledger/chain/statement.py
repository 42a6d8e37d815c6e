"""What a party signs: the statement (FORMATS.md section 2) and the file that carries it.

A canonical map. Required: `v` = 1, `ledger`, `id`, `type`, `author`, `body`; optional: `occurred`, `for`,
`seen`, `evidence`. An unknown key is malformed, and an optional array is never empty. From the vectors:

    {"author": 01 458a..4eea, "body": {"_sd": ["G69N..fYQ", "Q_d7..7sY"], "parcel": "BW-KAR-0005",
     "weight": 1108995}, "id": 05 x 16, "ledger": "ledger.example/bw/k7q2", "occurred": "2015-11-16",
     "type": "example-weighed/1", "v": 1}

The signature is the author's, over `adamas.statement/1\\n` followed by the statement's bytes.

The file (`.statement`) is what a party hands to the ledger's keeper, a canonical map too:

    {"v": 1, "statement": bin, "signature": bin, "disclosures": [str]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger import edtf, encoding, keys
from ledger.chain import disclosure, forms, names
from ledger.errors import KeyTrouble, Malformed
from ledger.values import dataclass

ID_BYTES = 16
_FORM = "statement"
_FILE = ".statement file"
_MESSAGE = b"adamas.statement/1\n"
_REQUIRED = frozenset({"author", "body", "id", "ledger", "type", "v"})
_OPTIONAL = {"evidence": list, "for": str, "occurred": str, "seen": list}
_KEYS = _REQUIRED | _OPTIONAL.keys()
_FILE_KEYS = frozenset({"disclosures", "signature", "statement", "v"})
_DOCUMENT = {"media": str, "name": str, "sha256": bytes, "size": int}
_SOURCE = {"seen": str, "title": str, "url": str}
_SEALABLE = frozenset({"media", "name", "title", "url"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One signed business act, before anybody numbered it. ``on_behalf`` is the wire key `for`.

    ``author`` are author bytes (`ledger.keys`), ``seen`` is (size, root) of a checkpoint of this ledger,
    ``evidence`` maps as FORMATS.md lists them, ``occurred`` one EDTF spelling.
    """

    ledger: str
    id: bytes
    type: str
    author: bytes
    body: dict[str, Any]
    occurred: str | None = None
    on_behalf: str | None = None
    seen: tuple[int, bytes] | None = None
    evidence: tuple[dict[str, Any], ...] = ()

    def encode(self) -> bytes:
        """The statement's bytes. Raises `Malformed` for a statement that `decode` would refuse."""
        data = encoding.encode(self._fields())
        _check(self, data)
        return data

    @classmethod
    def decode(cls, data: bytes) -> Statement:
        """The statement of bytes from anywhere.

        Raises `Malformed` (codes of this module, `forms`, `names`, `disclosure`, `edtf` and `encoding`).
        """
        fields = encoding.decode(data)
        forms.check_map(fields, _REQUIRED, _KEYS, _FORM)
        forms.check_version(fields["v"], _FORM)
        _check_optional_keys(fields)
        statement = cls._from(fields)
        _check(statement, data)
        return statement

    @classmethod
    def read(cls, data: bytes) -> Statement:
        """The statement of bytes that this ledger checked before it stored them; nothing is checked again."""
        return cls._from(encoding.read(data))

    @classmethod
    def _from(cls, fields: dict[str, Any]) -> Statement:
        seen = fields.get("seen")
        return cls(
            fields["ledger"],
            fields["id"],
            fields["type"],
            fields["author"],
            fields["body"],
            fields.get("occurred"),
            fields.get("for"),
            None if seen is None else (seen[0], seen[1]),
            tuple(fields.get("evidence", ())),
        )

    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {"author": self.author, "body": self.body}
        if self.evidence:
            fields["evidence"] = list(self.evidence)
        if self.on_behalf is not None:
            fields["for"] = self.on_behalf
        fields |= {"id": self.id, "ledger": self.ledger}
        if self.occurred is not None:
            fields["occurred"] = self.occurred
        if self.seen is not None:
            fields["seen"] = list(self.seen)
        return fields | {"type": self.type, "v": 1}


def told(data: bytes) -> tuple[str, str | None, dict[str, Any]]:
    """(type, occurred, body) of the bytes of a statement that this ledger checked before it stored them."""
    fields = encoding.read(data)
    return fields["type"], fields.get("occurred"), fields["body"]


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement's bytes, its author's signature, and the disclosures of its sealed values."""

    statement: bytes
    signature: bytes
    disclosures: tuple[str, ...] = ()


def sign(statement: Statement, key: keys.Signer, disclosures: Sequence[str] = ()) -> SignedStatement:
    """The statement signed by its author.

    Raises `KeyTrouble` (``key-not-the-author``) when the key is another's, `Malformed` as `Statement.encode`.
    """
    if statement.author != key.public:
        author, given = keys.fingerprint(statement.author), keys.fingerprint(key.public)
        raise KeyTrouble("key-not-the-author", author=author, key=given)
    data = statement.encode()
    return SignedStatement(data, key.sign(_MESSAGE + data), tuple(disclosures))


def signature_holds(statement: bytes, author: bytes, signature: bytes) -> bool:
    """Whether the signature over the statement's bytes is the author's, strictly (`ledger.keys.verify`)."""
    return keys.verify(author, signature, _MESSAGE + statement)


def reveal(
    statement: Statement, disclosures: Sequence[str]
) -> tuple[dict[str, Any], tuple[dict[str, Any], ...], disclosure.Fields]:
    """Body and evidence with disclosed values put back, and each field's standing (`disclosure.reveal`).

    The paths of the third begin with ``"body"`` or ``"evidence"``. Raises `Malformed` (``disclosure-...``).
    """
    whole: dict[str, Any] = {"body": statement.body}
    if statement.evidence:
        whole["evidence"] = list(statement.evidence)
    opened, fields = disclosure.reveal(whole, disclosures)
    evidence = tuple(opened.get("evidence", ()))
    for place, item in enumerate(evidence):
        _check_evidence(item, place)
    return opened["body"], evidence, fields


def encode_file(signed: SignedStatement) -> bytes:
    """The bytes of a `.statement` file."""
    return encoding.encode(
        {
            "disclosures": list(signed.disclosures),
            "signature": signed.signature,
            "statement": signed.statement,
            "v": 1,
        }
    )


def decode_file(data: bytes) -> SignedStatement:
    """The content of a `.statement` file; the statement inside is decoded and checked by who takes it.

    Raises `Malformed` (``form-...``, ``statement-signature``, ``disclosure-...``, ``encoding-...``).
    """
    fields = encoding.decode(data)
    forms.check_map(fields, _FILE_KEYS, _FILE_KEYS, _FILE)
    forms.check_version(fields["v"], _FILE)
    for key, kind in (("statement", bytes), ("signature", bytes), ("disclosures", list)):
        forms.check_kind(fields[key], kind, _FILE, key)
    texts: set[str] = set()
    for text in fields["disclosures"]:
        forms.check_kind(text, str, _FILE, "disclosures")
        disclosure.parse(text)
        if text in texts:
            raise Malformed("disclosure-twice", text=text[:60])
        texts.add(text)
    if len(fields["signature"]) != keys.SIGNATURE_BYTES:
        raise Malformed("statement-signature", length=len(fields["signature"]))
    return SignedStatement(fields["statement"], fields["signature"], tuple(fields["disclosures"]))


def _check_optional_keys(fields: dict[str, Any]) -> None:
    """An optional key that is there has a value: no nil, no empty array."""
    for key, kind in _OPTIONAL.items():
        if key in fields:
            forms.check_kind(fields[key], kind, _FORM, key)
            if kind is list and not fields[key]:
                raise Malformed("statement-empty", key=key)
    if "seen" in fields and len(fields["seen"]) != 2:
        raise Malformed("statement-seen")


def _check(statement: Statement, data: bytes) -> None:
    """What holds for every statement; ``data`` are its bytes."""
    forms.check_kind(statement.ledger, str, _FORM, "ledger")
    forms.check_kind(statement.id, bytes, _FORM, "id")
    forms.check_kind(statement.type, str, _FORM, "type")
    forms.check_kind(statement.author, bytes, _FORM, "author")
    forms.check_kind(statement.body, dict, _FORM, "body")
    names.check_origin(statement.ledger)
    names.check_wire_name(statement.type)
    if len(statement.id) != ID_BYTES:
        raise Malformed("statement-id", length=len(statement.id))
    if not keys.author_is_formed(statement.author):
        raise Malformed("statement-author", author=statement.author[:8].hex(), length=len(statement.author))
    _check_optional(statement)
    if (
        b"\xa3_sd" in data or b"\xa3..." in data
    ):  # every such key is spelled so; a sheet has thousands of others
        disclosure.check_digests([statement.body, *statement.evidence])


def _check_optional(statement: Statement) -> None:
    if statement.occurred is not None:
        forms.check_kind(statement.occurred, str, _FORM, "occurred")
        edtf.parse(statement.occurred)
    if statement.on_behalf is not None:
        forms.check_kind(statement.on_behalf, str, _FORM, "for")
        names.check_identifier(statement.on_behalf)
    if statement.seen is not None:
        size, root = statement.seen
        if not forms.is_size(size) or not forms.is_hash(root):
            raise Malformed("statement-seen")
    for place, item in enumerate(statement.evidence):
        _check_evidence(item, place)


def _check_evidence(item: Any, place: int) -> None:
    """`{media, name, size, sha256}` or `{title, url, seen}`; one digest of `_sd` for each sealed one."""
    form = _DOCUMENT if isinstance(item, dict) and "sha256" in item else _SOURCE
    if not isinstance(item, dict) or item.keys() - form.keys() - {disclosure.SEALED}:
        raise Malformed("statement-evidence", place=place)
    missing = form.keys() - item.keys()
    digests = item.get(disclosure.SEALED, [])
    if missing - _SEALABLE or not isinstance(digests, list) or len(digests) != len(missing):
        raise Malformed("statement-evidence", place=place)
    if any(type(item[key]) is not form[key] for key in item.keys() & form.keys()):
        raise Malformed("statement-evidence", place=place)
    if form is _SOURCE:
        if not edtf.is_date(item["seen"]):
            raise Malformed("statement-evidence-seen", place=place, text=item["seen"])
    elif not forms.is_size(item["size"]) or not forms.is_hash(item["sha256"]):
        raise Malformed("statement-evidence", place=place)
