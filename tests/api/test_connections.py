"""Connections that dribble, flood or hoard, on a real socket; and `serve` under its own certificate."""

import datetime as dt
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager, suppress
from ipaddress import ip_address

import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channel_world import ARENA
from detente.api.connections import MOST_HEAD_BYTES, Bounded
from detente.client import Link
from detente.client.answers import Rules
from detente.domain import StoreUnavailable
from served_world import DETENTE, Server


class Hasty(Bounded):
    head_within_s, body_within_s, most_connections = 0.3, 0.6, 3


async def echo(scope, receive, send):
    """Answers once it has read the body."""
    if scope["type"] != "http":
        return
    while (told := await receive()).get("more_body"):
        pass
    if told["type"] == "http.disconnect":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port():
    config = uvicorn.Config(
        echo,
        port=0,
        http=Hasty,
        ws="none",
        lifespan="off",
        log_level="error",
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@contextmanager
def a_line(port):
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as line:
        yield line


def asked(line):
    """A request, answered."""
    line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    found = b""
    while not found.endswith(b"ok"):
        found += line.recv(65_536)
    return found.startswith(b"HTTP/1.1 200 ")


def all_of(line):
    """What comes until the other side hangs up."""
    found = b""
    while piece := line.recv(65_536):
        found += piece
    return found


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"],
)
def test_a_request_that_does_not_come_whole_is_let_go_in_its_time(port, begun):
    with a_line(port) as line:
        line.sendall(begun)
        assert all_of(line).startswith(b"HTTP/1.1 408 ")


def dribble(line):
    for k in range(1_000):  # a minute, and less than a head may hold
        line.sendall(b"x:%d\r\n" % k)
        time.sleep(0.06)


def test_dribbling_gains_no_time(port):
    with a_line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError, match=r"(?i)pipe|reset|abort"):
            dribble(line)


def test_a_second_request_on_a_line_has_its_own_time_and_no_more(port):
    with a_line(port) as line:
        for _ in range(2):
            assert asked(line)
            time.sleep(0.4)  # between requests nothing is waited for
        line.sendall(b"GET / HT")
        assert all_of(line).startswith(b"HTTP/1.1 408 ")


def test_a_flood_of_headers_is_refused(port):
    with a_line(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"x-y: zzzz\r\n" * 2_000)
        assert all_of(line).startswith(b"HTTP/1.1 400 ")


def test_past_the_limit_a_connection_is_closed_and_the_others_are_served(port):
    with a_line(port) as one, a_line(port) as two, a_line(port) as three:
        for line in (one, two, three):
            assert asked(line)
        with a_line(port) as fourth, suppress(ConnectionResetError):
            assert fourth.recv(65_536) == b""
        assert asked(one)


# ── TLS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_certificate(name, issuer=None, issuer_key=None, *, is_ca):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(issuer_key or key, hashes.SHA256())
    )
    return made, key


@pytest.fixture
def certificates(tmp_path):
    """A throwaway authority, and a certificate of it for this machine."""
    authority, authority_key = a_certificate("throwaway authority", is_ca=True)
    made, key = a_certificate("channel", authority.subject, authority_key, is_ca=False)
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.pem").write_bytes(authority.public_bytes(pem))
    (tmp_path / "cert.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(private)
    return tmp_path


@contextmanager
def serving(server, options):
    command = [*DETENTE, "serve", *server.options, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split(" at ")[1].strip()
        finally:
            process.terminate()


def test_serve_under_its_own_certificate_is_believed_by_who_trusts_its_authority_and_by_nobody_else(certificates):
    server = Server(certificates, f"sqlite:///{certificates / 'channel.db'}")
    tls = ["--tls-cert", str(certificates / "cert.pem"), "--tls-key", str(certificates / "key.pem")]
    with serving(server, tls) as url:
        assert url.startswith("https://127.0.0.1:")
        token = server.headers["A"]["Authorization"].removeprefix("Bearer ")
        with closing(Link(url, ARENA, token, certificates=str(certificates / "ca.pem"))) as link:
            assert link.get("rules", Rules).host_key
        with closing(Link(url, ARENA, token, give_up_s=0.0)) as link, pytest.raises(StoreUnavailable):
            link.get("rules", Rules)
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https", "http") + "/healthz", timeout=60)
