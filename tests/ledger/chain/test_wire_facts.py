"""Figures of other implementations: notes that they signed, and the bytes that cosigners sign.

From golang.org/x/mod (sumdb/note) and the C2SP specifications signed-note and tlog-cosignature.
"""

from __future__ import annotations

import pytest

from ledger import encoding
from ledger.chain import note
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.note import Note, VerifierKey
from ledger.errors import Malformed

TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
ENOCH = VerifierKey.parse("EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop")
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUg"
    "YN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp"
    "+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
SOFA = Checkpoint(
    "example.com/behind-the-sofa",
    20_852_163,
    encoding.from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
)


@pytest.mark.parametrize(
    ("lines", "known", "verified"),
    [
        (BY_PETER, [PETER], ["PeterNeumann"]),
        (BY_PETER + BY_ENOCH, [PETER], ["PeterNeumann"]),
        (BY_PETER + BY_ENOCH, [PETER, ENOCH], ["PeterNeumann", "EnochRoot"]),
    ],
)
def test_notes_that_others_signed_verify(lines: str, known: list[VerifierKey], verified: list[str]) -> None:
    """A stranger's line is ignored; and none verifies under another text."""
    data = f"{TEXT}\n{lines}".encode()
    assert [line.key.name for line in Note.parse(data).verify(known)] == verified
    with pytest.raises(Malformed) as refused:
        Note.parse(data.replace(b"answer", b"Answer")).verify(known)
    assert refused.value.code == "note-signature"


def test_cosigners_sign_the_specifications_messages() -> None:
    """The text with two lines before it; or, post-quantum, the numbers behind their lengths."""
    kind_4 = VerifierKey("witness.example.com/w1", note.COSIGNATURE, bytes(32))
    assert note._message(kind_4, 1_679_315_147, SOFA.text) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    kind_6 = VerifierKey("witness.example.com/w1", note.MLDSA44, bytes(1_312))
    message = note._message(kind_6, 1_679_315_147, SOFA.text)
    assert message[:12] == b"subtree/v1\n\0"
    rest = message[12:]
    assert (rest[0], rest[1:23]) == (22, b"witness.example.com/w1")
    assert int.from_bytes(rest[23:31], "big") == 1_679_315_147
    assert (rest[31], rest[32:59]) == (27, b"example.com/behind-the-sofa")
    assert (int.from_bytes(rest[59:67], "big"), int.from_bytes(rest[67:75], "big")) == (0, 20_852_163)
    assert rest[75:] == SOFA.root
