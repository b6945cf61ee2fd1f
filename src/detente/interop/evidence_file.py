"""Evidence as a directory, as one zip file, and below an address: the same tree of files, read without believing any of it.

Whatever is read is read in bounded pieces, and nothing is written anywhere: a name in an archive leads nowhere, a size in it is a claim.
An archive whose directory is not plain (a name twice, a path that climbs, a member that is encrypted or a link) is refused whole, since two
readers could see two things in it.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

from detente.channel.evidence import MOST_LINE_BYTES, Source, Writer
from detente.domain import Conflicted, Malformed, NotUnderstood, TooLarge, UnreadableFile, at

if TYPE_CHECKING:
    import httpx

PIECE_BYTES: Final = 1 << 20
MOST_MEMBERS: Final = 1_200_000  # a log of 10^8 entries has 400,000 tiles
MOST_DIRECTORY_BYTES: Final = 256 << 20
MOST_CARRIED_BYTES: Final = 64 << 30  # of lines in all; 10^7 entries
_PATH: Final = re.compile(r"[A-Za-z0-9._\-]+(?:/[A-Za-z0-9._\-]+)*/?")
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_LOCATOR_BYTES: Final = 20
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


# ── read ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def opened_evidence(named: str) -> Generator[Source, None, None]:
    """The evidence of a directory, a zip file, or an address (`https://…`, of a tree of files or of a zip file).

    Raises:
        UnreadableFile, Malformed, TooLarge, NotUnderstood: there is none, or it is not such a thing.
    """
    if urlsplit(named).scheme in ("http", "https"):
        with _opened_address(named) as source:
            yield source
        return
    path = Path(named)
    if path.is_dir():
        yield Folder(named, path)
    elif path.is_file():
        with path.open("rb") as file:
            yield Archive(named, file)
    else:
        raise UnreadableFile(f"{named}: there is no such file or directory", hint="check the path")


class Folder:
    """Evidence in a directory."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path

    def size(self, path: str) -> int:
        """Bytes of a file, 0 where there is none."""
        whole = self._path / path
        return whole.stat().st_size if whole.is_file() else 0

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """As `Source.read`."""
        with at(path):
            try:
                with (self._path / path).open("rb") as file:
                    return _bounded(file, most_bytes)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise UnreadableFile(f"cannot be read: {error.strerror}") from error

    def lines(self, path: str) -> Iterator[bytes]:
        """As `Source.lines`."""
        whole = self._path / path
        if not whole.is_file():
            raise _missing(path)
        with whole.open("rb") as file:
            yield from whole_lines(iter(lambda: file.read(PIECE_BYTES), b""))


class Archive:
    """Evidence in one zip file.

    Raises:
        UnreadableFile, Malformed, TooLarge: it is none, is damaged, or its directory is not plain.
    """

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = name
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _DAMAGED as error:
            raise UnreadableFile(f"not a zip file, or a damaged one: {error}", hint="copy it again") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            _check_member(member, self._members)
            self._members[member.filename] = member

    def size(self, path: str) -> int:
        """Bytes of a member, by the archive's own word; 0 where there is none."""
        return self._members[path].file_size if path in self._members else 0

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """As `Source.read`."""
        member = self._members.get(path)
        if member is None:
            return None
        with at(path):
            try:
                with self._zip.open(member) as file:
                    return _bounded(file, most_bytes)
            except _DAMAGED as error:
                raise UnreadableFile(f"the archive is damaged: {error}", hint="copy it again") from error

    def lines(self, path: str) -> Iterator[bytes]:
        """As `Source.lines`."""
        if path not in self._members:
            raise _missing(path)
        yield from whole_lines(self._pieces(self._members[path]))

    def _pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            with self._zip.open(member) as file:
                yield from iter(lambda: file.read(PIECE_BYTES), b"")
        except _DAMAGED as error:
            raise UnreadableFile(f"the archive is damaged: {error}", hint="copy it again") from error


class Address:
    """Evidence below an address on a web server, file by file."""

    def __init__(self, name: str, http: httpx.Client) -> None:
        self.name, self._http = name, http

    def size(self, path: str) -> int:  # noqa: ARG002 - nobody says so beforehand
        """Not known."""
        return 0

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """As `Source.read`."""
        with at(path):
            try:
                return b"".join(_fetched(self._http, f"{self.name.rstrip('/')}/{path}", most_bytes))
            except FileNotFoundError:
                return None

    def lines(self, path: str) -> Iterator[bytes]:
        """As `Source.lines`."""
        try:
            yield from whole_lines(_fetched(self._http, f"{self.name.rstrip('/')}/{path}", MOST_CARRIED_BYTES))
        except FileNotFoundError as error:
            raise _missing(path) from error


def _fetched(http: httpx.Client, url: str, most_bytes: int) -> Iterator[bytes]:
    """The bytes of an address, as they come.

    Raises:
        FileNotFoundError: there is nothing. UnreadableFile, TooLarge: it cannot be had, or is more.
    """
    import httpx

    count = 0
    try:
        with http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.status_code in (404, 410):
                raise FileNotFoundError(url)
            if answer.status_code != 200:
                raise UnreadableFile(f"the server answers {answer.status_code}", hint="ask who put it there")
            for piece in answer.iter_raw(PIECE_BYTES):
                count += len(piece)
                if count > most_bytes:
                    raise TooLarge(f"more than {most_bytes} bytes")
                yield piece
    except httpx.HTTPError as error:
        raise UnreadableFile(f"nobody answers: {error}", hint="try again, or have it carried as a file") from error


@contextmanager
def _opened_address(named: str) -> Generator[Source, None, None]:
    import tempfile

    import httpx

    parts = urlsplit(named)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise NotUnderstood(f"{named!r:.80} is no address of evidence", hint="such as https://example.org/evidence")
    with httpx.Client(timeout=30.0, follow_redirects=False, trust_env=False) as http:
        if not parts.path.endswith(".zip"):
            yield Address(named, http)
            return
        with tempfile.TemporaryFile() as file:
            try:
                for piece in _fetched(http, named, MOST_CARRIED_BYTES):
                    file.write(piece)
            except FileNotFoundError as error:
                raise UnreadableFile(f"there is nothing at {named}", hint="check the address") from error
            yield Archive(named, file)


def _bounded(file: IO[bytes], most_bytes: int) -> bytes:
    raw = file.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise TooLarge(f"more than {most_bytes} bytes")
    return raw


def _missing(path: str) -> UnreadableFile:
    return UnreadableFile(f"{path} is missing", hint="the file was cut, or its writer left it out")


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces cut at line ends.

    Raises:
        TooLarge: a line, or all of them together, past the bound.
        UnreadableFile: the last line has no end.
    """
    rest, count = b"", 0
    for piece in pieces:
        count += len(piece)
        if count > MOST_CARRIED_BYTES:
            raise TooLarge(f"more than {MOST_CARRIED_BYTES} bytes of entries")
        whole, end, tail = piece.rpartition(b"\n")
        if end:
            yield rest + whole + end
            rest = tail
        else:
            rest += piece
        if len(rest) > MOST_LINE_BYTES:
            raise TooLarge(f"a line of more than {MOST_LINE_BYTES} bytes", hint="an entry is never that long")
    if rest:
        raise UnreadableFile("the last line has no end", hint="the file was cut: copy it again")


# ── an archive's directory ───────────────────────────────────────────────────────────────────────────────────────────


def _check_directory(file: IO[bytes]) -> None:
    """Refuses a directory that would fill the memory before a member is looked at.

    Source: PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
    """
    size = file.seek(0, io.SEEK_END)
    tail_bytes = min(size, _END_BYTES + 0xFFFF + _LOCATOR_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise UnreadableFile("not a zip file", hint="evidence is a directory, a zip file, or an address")
    count, directory_bytes = struct.unpack_from("<HI", tail, place + 10)
    if count == 0xFFFF or directory_bytes == 0xFFFFFFFF:
        count, directory_bytes = _zip64(file, tail[max(place - _LOCATOR_BYTES, 0) : place], size)
    if count > MOST_MEMBERS or directory_bytes > MOST_DIRECTORY_BYTES:
        raise TooLarge(f"an archive of {count} members; the limit is {MOST_MEMBERS}")
    file.seek(0)


def _zip64(file: IO[bytes], locator: bytes, size: int) -> tuple[int, int]:
    if len(locator) != _LOCATOR_BYTES or locator[:4] != b"PK\x06\x07":
        raise UnreadableFile("a zip file that claims more than it can hold", hint="copy it again")
    (offset,) = struct.unpack_from("<Q", locator, 8)
    if offset + 56 > size:
        raise UnreadableFile("a zip file whose directory is not where it says", hint="copy it again")
    file.seek(offset)
    record = file.read(56)
    if record[:4] != b"PK\x06\x06":
        raise UnreadableFile("a zip file whose directory is not where it says", hint="copy it again")
    count, directory_bytes = struct.unpack_from("<QQ", record, 32)
    return int(count), int(directory_bytes)


def _check_member(member: zipfile.ZipInfo, others: dict[str, zipfile.ZipInfo]) -> None:
    name = member.filename
    where = f"member {name[:80]!r}"
    if member.orig_filename != name or not _PATH.fullmatch(name) or ".." in name.split("/") or "." in name.split("/"):
        raise Malformed(
            "a name that leads elsewhere, or is not plain", where=where, hint="it was not written as evidence"
        )
    if name in others:
        raise Malformed("stands twice", where=where, hint="two readers could see two things: believe neither")
    if member.flag_bits & 0x1:
        raise Malformed("is encrypted", where=where, hint="nobody else could read it")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Malformed(
            f"compressed by method {member.compress_type}", where=where, hint="stored or deflated alone are read"
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Malformed("is a link, or no file", where=where, hint="it was not written as evidence")


# ── written ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class _ZipWriter:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive

    def put(self, path: str, raw: bytes) -> None:
        method = zipfile.ZIP_STORED if path.startswith("tile/") else zipfile.ZIP_DEFLATED  # hashes do not shrink
        self._zip.writestr(zipfile.ZipInfo(path), raw, compress_type=method, compresslevel=6)

    def put_lines(self, path: str, lines: Iterable[bytes]) -> None:
        info = zipfile.ZipInfo(path)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as file:
            for each in _gathered(lines):
                file.write(each)


class _FolderWriter:
    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, path: str, raw: bytes) -> None:
        whole = self._path / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(raw)

    def put_lines(self, path: str, lines: Iterable[bytes]) -> None:
        with (self._path / path).open("wb") as file:
            for each in _gathered(lines):
                file.write(each)


def _gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    kept: list[bytes] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    yield b"".join(kept)


@contextmanager
def written_evidence(path: Path) -> Generator[Writer, None, None]:
    """A new piece of evidence: one zip file where the name ends in `.zip`, else a directory. There whole at the end, or not at all.

    Raises:
        Conflicted: something of that name is there already.
    """
    if path.exists():
        raise Conflicted(f"{path} is there already", hint="give another name: evidence is never written over")
    partial = path.with_name(f".{path.name}.partial")
    if path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(partial, "w") as archive:
                yield _ZipWriter(archive)
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
        return
    partial.mkdir(parents=True)
    try:
        yield _FolderWriter(partial)
        partial.rename(path)
    except BaseException:
        _remove(partial)
        raise


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)
