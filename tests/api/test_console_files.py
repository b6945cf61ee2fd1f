"""The console's files: given to anybody, as they were built, under a policy that runs nothing else."""

import gzip

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from detente.api import console_files as served
from detente.api.console_files import POLICY, console_file


@pytest.fixture
def built(tmp_path, monkeypatch):
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>détente</title>")
    (folder / "assets" / "index-abc.js").write_text("export {};" * 1_000)
    (folder / "assets" / "notes.txt").write_text("not for anybody")
    (tmp_path / "host.js").write_text("secret")
    (folder / "assets" / "out.js").symlink_to(tmp_path / "host.js")
    found = served.console_files(folder)
    monkeypatch.setattr(served, "console_files", lambda: found)
    return folder


@pytest.fixture
def client(built):
    with TestClient(Litestar([console_file], openapi_config=None)) as client:
        yield client


def test_the_page_is_given_under_the_policy_and_asked_for_each_time(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text == "<!doctype html><title>détente</title>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_policy_runs_nothing_inline_nor_from_elsewhere():
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_what_is_named_after_its_content_is_kept_for_ever(client):
    answer = client.get("/assets/index-abc.js", headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == b"export {};" * 1_000
    plain = client.get("/assets/index-abc.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_what_a_browser_has_is_not_sent_again(client):
    etag = client.get("/").headers["etag"]
    again = client.get("/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_compressed_file_and_the_plain_one_have_tags_of_their_own(client):
    plain = client.get("/", headers={"accept-encoding": "gzip;q=0"})
    packed = client.get("/", headers={"accept-encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["etag"] != packed.headers["etag"]
    known = f'"other", {packed.headers["etag"]}'
    assert client.get("/", headers={"accept-encoding": "gzip", "if-none-match": known}).status_code == 304


def test_every_kind_of_file_that_is_built_is_given():
    if not (served.BUILT / "index.html").exists():
        pytest.skip("the console was not built: make web")
    built = {path.suffix for path in served.BUILT.rglob("*") if path.is_file()}
    assert built <= served.TYPES.keys()


def test_head_says_what_get_would_send(client):
    got = client.get("/assets/index-abc.js", headers={"accept-encoding": "gzip"})
    head = client.head("/assets/index-abc.js", headers={"accept-encoding": "gzip"})
    assert head.content == b""
    assert head.headers["etag"] == got.headers["etag"]
    assert int(head.headers["content-length"]) == len(gzip.compress(b"export {};" * 1_000, mtime=0))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js", "/assets/notes.txt", "/assets/out.js", "/assets/..%2f..%2fhost.js", "/assets/%2e%2e/%2e%2e/host.js",
        "/assets/", "/index.html", "/assets/..\\host.js", "/assets/index-abc.js%00",
    ],
)  # fmt: skip
def test_nothing_else_is_there(client, path):
    assert client.get(path).status_code == 404


def test_where_none_was_built_the_page_says_what_to_do(tmp_path):
    files = served.console_files(tmp_path)
    assert list(files) == ["index.html"]
    assert b"make web" in files["index.html"].content
