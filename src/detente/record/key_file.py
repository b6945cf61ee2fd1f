"""Keys as files: text for people, then PEM that OpenSSL reads and a browser can open with WebCrypto alone.

A private key is PKCS#8 under a passphrase: PBES2 with PBKDF2-HMAC-SHA256, 600,000 rounds, and AES-256-CBC. Not scrypt: WebCrypto has none, and OpenSSL's own limit
refuses parameters worth having. Not `cryptography`'s choice: 2,048 rounds. CBC would let a changed file open as another key; the public key stated above the PEM is
compared with the one that comes out.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import stat
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detente.domain import KeyRefused, Malformed, TooLarge, UnreadableFile, at
from detente.record.fingerprint import spoken
from detente.record.holder import Holder, Role
from detente.record.keys import PKCS8_PREFIX, PublicKey, SigningKey, public_key_from_spki, public_key_from_text

ROUNDS: Final = 600_000  # OWASP's figure for PBKDF2-HMAC-SHA256
SHORTEST_PASSPHRASE: Final = 12
SALT_BYTES: Final = 16
IV_BYTES: Final = 16
MOST_BYTES: Final = 16 << 10
_PEM: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]*?)-----END \1-----")
_LINE: Final = re.compile(r"^([A-Z][a-z-]*): (.*)$", re.MULTILINE)
_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256: Final = bytes.fromhex("300c06082a864886f70d02090500")
_AES_256_CBC: Final = bytes.fromhex("060960864801650304012a")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file holds.

    Attributes:
        public: the key; of a private key file what it states, which `unlock` checks.
        holder: whose it is by the file's own word; None for a bare public key, as a browser or OpenSSL exports it.
        encrypted: the encrypted PKCS#8 in PEM; empty in a public key file.
    """

    public: PublicKey
    holder: Holder | None
    encrypted: str = ""


def public_key_text(public: PublicKey, holder: Holder) -> str:
    """The file of a public key."""
    return f"détente public key\n{_labels(public, holder)}{_pem('PUBLIC KEY', public.spki)}"


def private_key_text(
    key: SigningKey, holder: Holder, passphrase: str, *, salt: bytes, iv: bytes, rounds: int = ROUNDS
) -> str:
    """The file of a private key under a passphrase.

    Args:
        salt: 16 random bytes.
        iv: 16 random bytes.

    Raises:
        KeyRefused: the passphrase is shorter than 12 characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyRefused(
            f"a passphrase of {len(passphrase)} characters; at least {SHORTEST_PASSPHRASE} are needed",
            hint="four or five words drawn by dice are good, and easy to type",
        )
    der = _encrypted(key.pkcs8, passphrase, salt, iv, rounds)
    return (
        f"détente private key, under a passphrase. Whoever has both can sign for the party.\n"
        f"{_labels(key.public, holder)}{_pem('ENCRYPTED PRIVATE KEY', der)}"
    )


def _labels(public: PublicKey, holder: Holder) -> str:
    officer = f"Officer: {holder.officer}\n" if holder.officer else ""
    return (
        f"Party: {holder.party}\nRole: {holder.role}\n{officer}"
        f"Key: {public.id}\nFingerprint: {spoken(public)}\nPublic-key: {public.text}\n"
    )


def _pem(kind: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def _encrypted(pkcs8: bytes, passphrase: str, salt: bytes, iv: bytes, rounds: int) -> bytes:
    """EncryptedPrivateKeyInfo, RFC 5958 and RFC 8018."""
    from cryptography.hazmat.primitives import padding
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    assert (len(salt), len(iv)) == (SALT_BYTES, IV_BYTES)
    secret = PBKDF2HMAC(SHA256(), 32, salt, rounds).derive(_passphrase_bytes(passphrase))
    pad = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    data = encryptor.update(pad.update(pkcs8) + pad.finalize()) + encryptor.finalize()
    counted = rounds.to_bytes(rounds.bit_length() // 8 + 1, "big")
    derivation = _der(0x30, _PBKDF2, _der(0x30, _der(0x04, salt), _der(0x02, counted), _HMAC_SHA256))
    scheme = _der(0x30, _PBES2, _der(0x30, derivation, _der(0x30, _AES_256_CBC, _der(0x04, iv))))
    return _der(0x30, scheme, _der(0x04, data))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    assert len(content) < 256
    return bytes([tag, len(content)] if len(content) < 128 else [tag, 0x81, len(content)]) + content


def _passphrase_bytes(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode()


def unlock(file: KeyFile, passphrase: str) -> SigningKey:
    """The private key of a file.

    Raises:
        KeyRefused: the file holds only a public key, or the passphrase does not open it.
        Malformed: it opens as another key than it states.
    """
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

    if not file.encrypted:
        raise KeyRefused("the file holds only a public key", hint="signing needs the file that ends in .key")
    try:
        private = load_pem_private_key(file.encrypted.encode(), _passphrase_bytes(passphrase))
        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as error:
        raise KeyRefused("the passphrase does not open the key", hint="check it; or the file was damaged") from error
    if not der.startswith(PKCS8_PREFIX):
        raise Malformed("not an Ed25519 private key")
    key = SigningKey(der.removeprefix(PKCS8_PREFIX))
    if key.public != file.public:
        raise Malformed("the file opens as another key than it states", hint="it was changed: take it from your backup")
    return key


def read_key_text(text: str) -> KeyFile:
    """The key of a file's text, ours or a bare public key in PEM.

    Raises:
        Malformed: no key, several, or lines that do not fit the key.
        KeyRefused: a private key without a passphrase.
    """
    found = list(_PEM.finditer(text))
    if len(found) != 1:
        raise Malformed(
            f"{len(found)} keys in PEM, not one",
            hint="give the file that `detente key new` wrote, or a public key in PEM",
        )
    kind, body = found[0].groups()
    lines = dict(_LINE.findall(text[: found[0].start()]))
    if kind == "PUBLIC KEY":
        public = public_key_from_spki(_pem_bytes(body))
        return KeyFile(public, _holder(lines, public))
    if kind != "ENCRYPTED PRIVATE KEY":
        raise KeyRefused(
            f"a {kind.lower()} that no passphrase protects",
            hint="make keys with `detente key new`; this one has lain open, so revoke it if it was ever enrolled",
        )
    public = public_key_from_text(lines.get("Public-key", ""))
    return KeyFile(public, _holder(lines, public), found[0][0])


def _pem_bytes(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise Malformed("the PEM is not base64", hint="copy the whole file") from error


def _holder(lines: dict[str, str], public: PublicKey) -> Holder | None:
    if "Party" not in lines:
        return None
    if lines.get("Key", public.id) != public.id or lines.get("Fingerprint", spoken(public)) != spoken(public):
        raise Malformed(
            "the lines above the key are of another key", hint="the file was changed: ask its party for it again"
        )
    if lines.get("Role") not in list(Role):
        raise Malformed(f"the role {lines.get('Role', '')!r}", hint=f"known are {', '.join(Role)}")
    return Holder(lines["Party"], Role(lines["Role"]), lines.get("Officer", ""))


# ── on the disk ──────────────────────────────────────────────────────────────────────────────────────────────────────


def read_key_file(path: Path) -> KeyFile:
    """The key of a file.

    Raises:
        UnreadableFile: it is not there, or not text.
        KeyRefused: a private key that others than its owner may read.
        Malformed: no key.
    """
    with at(str(path)):
        text, mode = _read(path)
        file = read_key_text(text)
        if file.encrypted and mode & 0o077:
            raise KeyRefused(
                f"others may read this private key (its mode is {mode:04o})",
                hint=f"chmod 600 {path.name}; and if others use this machine, make a new key and revoke this one",
            )
        return file


def _read(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror}", hint="check the path and its rights") from error
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"more than {MOST_BYTES} bytes, too many for a key")
    try:
        return raw.decode(), mode
    except UnicodeDecodeError as error:
        raise UnreadableFile("not text", hint="give a key file in PEM") from error


def write_new(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that was not there: whole or not at all, and on the disk before this returns.

    Raises:
        KeyRefused: something of that name is there. It is left as it is.
        UnreadableFile: it cannot be written.
    """
    try:
        partial = _partial(path, content, mode)
        try:
            _name(partial, path)
        finally:
            partial.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise UnreadableFile(
            f"cannot write {path}: {error.strerror}",
            hint="check the folder and its rights; keys need a disk that knows owners",
        ) from error


def append_line(path: Path, before: bytes, line: bytes) -> None:
    """Add a line to a file that still holds what was read of it; on the disk before this returns.

    Dying on the way leaves the file without the line, or with a part of it and no line end, which readers refuse with a remedy.

    Raises:
        KeyRefused: the file is not as it was.
        UnreadableFile: it cannot be written.
    """
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.read() != before:
                raise KeyRefused(f"{path} was changed by someone else meanwhile", hint="look at it, and try again")
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UnreadableFile(
            f"cannot write {path}: {error.strerror}", hint="check its rights and the space left"
        ) from error


def _partial(path: Path, content: bytes, mode: int) -> Path:
    """The content beside the path, under a name of its own, on the disk; nobody else's from its first moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    return Path(name)


def _name(partial: Path, path: Path) -> None:
    try:
        os.link(partial, path)  # unlike a rename it fails where the name is taken
    except FileExistsError as error:
        raise KeyRefused(
            f"{path} is there already", hint="keys are never overwritten: choose another folder or name"
        ) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
