"""Evidence as a directory, a zip file and below an address: one tree of files, and hostile ones that are refused within bounds."""

import io
import stat
import struct
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from detente.channel.evidence import ENTRIES, HEADER, MOST_LINE_BYTES
from detente.channel.verdict import Outcome
from detente.domain import Conflicted, DetenteError, Malformed, TooLarge, UnreadableFile
from detente.interop.evidence_file import Archive, opened_evidence, whole_lines, written_evidence
from evidence_world import a_log, audited


def archive(*members, method=zipfile.ZIP_DEFLATED):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as file:
        for name, content in members:
            file.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), content, method)
    return raw


def test_a_directory_a_zip_file_and_an_address_hold_the_same(tmp_path):
    log = a_log()
    folder, file = log.write(tmp_path / "e"), log.write(tmp_path / "e.zip")
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: handler(*a, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        told = [audited(each, log.anchors) for each in (folder, file, f"{url}/e", f"{url}/e.zip")]
        with pytest.raises(UnreadableFile, match="there is nothing at"):
            audited(f"{url}/nothing.zip")
        assert audited(f"{url}/nothing")[1].first_failure.what == "is missing"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert all(entries == told[0][0] for entries, _ in told)
    assert {verdict.outcome for _, verdict in told} == {Outcome.HOLDS}


@pytest.mark.parametrize(
    "name", ["../evidence.json", "/etc/passwd", "a\\b", "a//b", "./a", "a/../b", "a b", "caf\u00e9", "", "C:evil"]
)
def test_a_name_that_leads_elsewhere_refuses_the_archive(name):
    with pytest.raises(Malformed, match="leads elsewhere"):
        Archive("e", archive((HEADER, b"{}"), (name, b"x")))


def test_a_name_with_an_end_in_the_middle_refuses_the_archive():
    raw = archive(("evidence.jsonX", b"{}")).getvalue().replace(b"evidence.jsonX", b"evidence.jso\0X")
    with pytest.raises(Malformed, match="leads elsewhere"):
        Archive("e", io.BytesIO(raw))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_refuses_the_archive():
    with pytest.raises(Malformed, match="stands twice"):
        Archive("e", archive((HEADER, b"{}"), (HEADER, b"[]")))


def test_a_link_an_encrypted_member_and_a_strange_method_refuse_the_archive():
    link = zipfile.ZipInfo("checkpoint")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(Malformed, match="is a link"):
        Archive("e", archive((link, b"/etc/passwd")))
    raw = bytearray(archive(("checkpoint", b"x")).getvalue())
    place = raw.index(b"PK\x01\x02")
    raw[place + 8] |= 1
    with pytest.raises(Malformed, match="is encrypted"):
        Archive("e", io.BytesIO(raw))
    with pytest.raises(Malformed, match="compressed by method 14"):
        Archive("e", archive(("checkpoint", b"x"), method=zipfile.ZIP_LZMA))


def test_a_bomb_is_read_no_further_than_a_line():
    bomb = Archive("e", archive((ENTRIES, bytes(64 << 20)), (HEADER, bytes(64 << 20))))
    with pytest.raises(TooLarge, match="a line of more than"):
        list(bomb.lines(ENTRIES))
    with pytest.raises(TooLarge, match="more than 1000 bytes"):
        bomb.read(HEADER, 1000)


def test_a_size_that_is_claimed_moves_nobody():
    raw = bytearray(archive((HEADER, b"{}"), method=zipfile.ZIP_STORED).getvalue())
    place = raw.index(b"PK\x01\x02")
    raw[place + 20 : place + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    with pytest.raises(UnreadableFile):
        Archive("e", io.BytesIO(raw)).read(HEADER, 1000)


def test_a_directory_of_more_members_than_can_be_meant_is_refused_before_it_is_read():
    raw = bytearray(archive((HEADER, b"{}")).getvalue())
    end = raw.rindex(b"PK\x05\x06")
    raw[end + 10 : end + 12] = struct.pack("<H", 0xFFFF)
    with pytest.raises(UnreadableFile, match="claims more than it can hold"):
        Archive("e", io.BytesIO(raw))
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10**10, 10**10, 10**12, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    with pytest.raises(TooLarge, match="an archive of 10000000000 members"):
        Archive("e", io.BytesIO(bytes(raw[:end]) + record + locator + bytes(raw[end:])))


def test_every_cut_of_an_archive_is_refused(tmp_path):
    log = a_log()
    raw = log.write(tmp_path / "e.zip").read_bytes()
    for length in range(0, len(raw), 97):
        cut = tmp_path / "cut.zip"
        cut.write_bytes(raw[:length])
        with pytest.raises(DetenteError):
            audited(cut, log.anchors)


def test_every_flipped_bit_of_an_archive_is_refused_or_changes_nothing(tmp_path):
    log = a_log()
    raw = log.write(tmp_path / "e.zip").read_bytes()
    honest = audited(tmp_path / "e.zip", log.anchors)[0]
    for bit in range(0, 8 * len(raw), 331):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        path = tmp_path / "bent.zip"
        path.write_bytes(bent)
        try:
            entries, verdict = audited(path, log.anchors)
        except DetenteError:
            continue
        assert verdict.outcome is not Outcome.HOLDS or entries == honest, bit


def test_a_file_that_is_no_archive_and_one_that_is_not_there_are_refused(tmp_path):
    path = tmp_path / "e.zip"
    path.write_bytes(b"not a zip file" * 100)
    for named, says in ((path, "not a zip file"), (tmp_path / "none", "no such file or directory")):
        with pytest.raises(UnreadableFile, match=says), opened_evidence(str(named)):
            pass


def test_lines_are_whole_and_the_last_one_has_an_end():
    assert list(whole_lines([b"ab\ncd", b"ef\n", b"g\nh\n"])) == [b"ab\n", b"cdef\n", b"g\nh\n"]
    with pytest.raises(UnreadableFile, match="the last line has no end"):
        list(whole_lines([b"ab\ncd"]))
    with pytest.raises(TooLarge):
        list(whole_lines(iter([bytes(1 << 20)] * (MOST_LINE_BYTES // (1 << 20) + 2))))


def break_off(path):
    with written_evidence(path) as writer:
        writer.put("checkpoint", b"x")
        raise RuntimeError


def test_evidence_is_never_written_over_and_never_there_in_part(tmp_path):
    log = a_log()
    log.write(tmp_path / "e.zip")
    for name in ("e.zip", "fresh.zip", "fresh"):
        with pytest.raises((Conflicted, RuntimeError)):
            break_off(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["e.zip"]
