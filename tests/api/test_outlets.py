"""Webhooks and e-mail: who is told, how it is proven, where it may not lead, and that nothing but a reference leaves."""

import http.server
import json
import signal
import socket
import socketserver
import threading
import time
from base64 import b64decode

import pytest

from channel_world import ARENA, FULL
from detente.api import outlets as told
from detente.api.outlets import News, NotTold, Smtp, post_webhook, send_mail
from detente.api.outward import is_public
from detente.channel.acts import OutletBody, StopBody
from detente.record.keys import SigningKey, public_key_from_text
from sequencer_world import plan
from served_world import Server

KEY = SigningKey(b"k" * 32)
NEWS = News(ARENA, "msg_1", "view", "reference", 1_537_209_540_000_000, 1_537_210_140_000_000)


class Hook:
    """A receiver on this machine that answers as it is told to."""

    def __init__(self, answer=(204, {}, b""), wait_s=0.0):
        hook = self
        self.got, self.answer, self.wait_s = [], answer, wait_s

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.got.append((self.path, dict(self.headers), body))
                time.sleep(hook.wait_s)
                status, headers, answer = hook.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    return

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook():
    hook = Hook()
    yield hook
    hook.close()


def send(hook, **options):
    post_webhook(hook.url, NEWS, KEY, now_us=1_537_209_541_000_000, to_loopback=True, **options)


def test_a_webhook_is_signed_by_the_host_over_id_moment_and_body(hook):
    send(hook)
    path, headers, body = hook.got[0]
    assert path == "/hook?a=1"
    assert headers["webhook-timestamp"] == "1537209541"
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a"
    KEY.public.verify(b64decode(signature), b"msg_1.1537209541." + body)
    assert json.loads(body) == {
        "type": "detente.waits",
        "timestamp": "2018-09-17T18:39:00+00:00",
        "data": {"arena": ARENA, "kind": "view", "reference": "reference", "due": "2018-09-17T18:49:00+00:00"},
    }


@pytest.mark.parametrize(
    ("status", "is_final"), [(500, False), (503, False), (429, False), (302, True), (400, True), (410, True)]
)
def test_what_is_not_taken_is_told_apart_by_whether_trying_again_helps(hook, status, is_final):
    hook.answer = (status, {"location": "http://169.254.169.254/"}, b"")
    with pytest.raises(NotTold, match=f"it answered {status}") as error:
        send(hook)
    assert error.value.is_final is is_final
    assert len(hook.got) == 1  # no redirect is followed


def test_a_long_answer_is_not_read(hook):
    hook.answer = (200, {}, b"x" * 50_000_000)
    send(hook)


def test_who_answers_too_slowly_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(told, "ATTEMPT_S", 0.5)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        end, _ = listener.accept()
        with end:
            for each in b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 500:
                try:
                    end.sendall(bytes([each]))
                except OSError:
                    return
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    with pytest.raises(NotTold, match="does not answer"):
        post_webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/", NEWS, KEY, now_us=0, to_loopback=True)
    listener.close()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.0.8", "192.0.2.1", "192.31.196.1", "192.88.99.1", "198.18.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fe80::1%lo", "fc00::1", "fec0::1", "ff02::1", "100::1", "4000::1",
        "::127.0.0.1", "::10.0.0.1", "::1.1.1.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:192.88.99.1",
        "::ffff:0:10.0.0.1", "::ffff:0:1.1.1.1", "64:ff9b::a00:1", "64:ff9b::101:101", "64:ff9b:1::1",
        "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:20::1", "2001:1ff::1", "2001:db8::1",
        "2002:a00:1::", "2002:101:101::", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1", "2606:4700:4700::1111%1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_told_nothing(address, monkeypatch):
    assert not is_public(address)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("1.1.1.1", 443)), (0, 0, 0, "", (address, 443))]
    )
    with pytest.raises(NotTold, match="public address"):
        post_webhook("https://hook.example.org/", NEWS, KEY, now_us=0)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "192.88.98.1",
        "2606:4700:4700::1111",
        "2001:200::1",
        "2a00:1450::1",
        "3ffe::1",
        "::ffff:1.1.1.1",
    ],
)
def test_a_public_address_may_be_told(address):
    assert is_public(address)


def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says_next(monkeypatch):
    answers = iter(["1.1.1.1", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (next(answers), 443))])
    reached = []

    def connect(address, **_):
        reached.append(address)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotTold):
        post_webhook("https://hook.example.org/", NEWS, KEY, now_us=0)
    assert reached == [("1.1.1.1", 443)]


def test_without_tls_nothing_leaves_this_machine(monkeypatch):
    with pytest.raises(NotTold, match="no TLS"):
        post_webhook("http://example.org/", NEWS, KEY, now_us=0)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("1.1.1.1", 80))])
    with pytest.raises(NotTold, match="no TLS"):
        post_webhook("http://example.org/", NEWS, KEY, now_us=0, to_loopback=True)


def test_a_name_that_is_none_and_one_that_leads_inside_are_refused_in_the_same_words(monkeypatch):
    def refusal(addresses):
        def look_up(*_, **__):
            if addresses is None:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return [(0, 0, 0, "", (each, 443)) for each in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with pytest.raises(NotTold) as error:
            post_webhook("https://db.internal.example.org/", NEWS, KEY, now_us=0)
        return error.value.problem, error.value.is_final

    assert refusal(None) == refusal([]) == refusal(["10.0.0.1"]) == refusal(["1.1.1.1", "::1"])


@pytest.mark.parametrize(
    "url", ["https://h.example.org:99999/", "https://h:x/", "https://[/", "https://[::1/", "https://]:1/"]
)
def test_an_address_that_is_none_costs_its_own_outlet_and_no_other(url):
    with pytest.raises(NotTold, match=r"is none|no public address"):
        post_webhook(url, NEWS, KEY, now_us=0)


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Mail(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets, or refuses every recipient."""

    allow_reuse_address = True

    def __init__(self, *, refuses=False):
        self.got, self.refuses = [], refuses
        super().__init__(("127.0.0.1", 0), _MailDoor)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _MailDoor(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (each := self.rfile.readline()) != b".\r\n":
                    text += each
                self.server.got.append(text.decode())
            refused = word == b"RCPT" and self.server.refuses
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"550 nobody\r\n" if refused else b"250 fine\r\n")


def test_an_email_has_the_reference_and_the_deadline_and_nothing_else():
    with Mail() as mail:
        send_mail(
            "duty@example.org", NEWS, Smtp("127.0.0.1", mail.server_address[1], "channel@example.org", tls="none")
        )
        mail.shutdown()
        (text,) = mail.got
    assert "To: duty@example.org" in text
    assert "Subject: levant: view waits" in text
    assert "To be read by 2018-09-17T18:49:00+00:00." in text
    assert "Reference: reference" in text


def test_a_recipient_that_is_refused_is_not_tried_again_and_a_server_that_is_away_is():
    with Mail(refuses=True) as mail:
        smtp = Smtp("127.0.0.1", mail.server_address[1], "channel@example.org", tls="none")
        with pytest.raises(NotTold) as error:
            send_mail("duty@example.org", NEWS, smtp)
        mail.shutdown()
    assert error.value.is_final
    with pytest.raises(NotTold) as error:
        send_mail("duty@example.org", NEWS, smtp)
    assert not error.value.is_final


def test_without_starttls_a_server_on_another_machine_gets_nothing():
    with Mail() as mail:
        with pytest.raises(NotTold):
            send_mail("duty@example.org", NEWS, Smtp("127.0.0.1", mail.server_address[1], "channel@example.org"))
        mail.shutdown()
        assert mail.got == []


# ── served ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_party_is_told_by_its_webhook_of_what_comes_across_a_kill_and_a_receiver_that_was_away(hook, tmp_path):
    hook.answer = (500, {}, b"")
    server = Server(tmp_path, f"sqlite:///{tmp_path / 'channel.db'}")
    plain = list(server.options)
    try:
        server.options = [*plain, "--webhooks-to-loopback"]
        server.start()
        server.found()
        server.post(
            "B", [server.parties["B"].sign("outlet", "", OutletBody("a" * 32, "webhook", hook.url, ("view", "stop")))]
        )
        server.post("A", server.parties["A"].submission(plan("A"), {"B": FULL}))
        stop = StopBody("5" * 32, "there", "cease: the secret place")
        server.post("A", [server.parties["A"].sign("stop", "B", stop)])
        until(lambda: hook.got)
        (before,) = server.get("B", "outlets")["outlets"]
        assert before["problem"] in ("it answered 500", "")
        server.end(signal.SIGKILL)
        hook.answer = (204, {}, b"")
        server.start()
        until(lambda: {json.loads(body)["data"]["kind"] for _, _, body in hook.got[-2:]} == {"view", "stop"})
        until(lambda: server.get("B", "outlets")["outlets"][0]["attempts"] == 0)
        assert server.get("A", "outlets")["outlets"] == []
        key = public_key_from_text(server.get("B", "rules")["host_key"])
    finally:
        server.end(signal.SIGTERM)
    references = set()
    for _, headers, body in hook.got:
        key.verify(
            b64decode(headers["webhook-signature"][4:]),
            f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body,
        )
        assert b"secret" not in body
        references.add(json.loads(body)["data"]["reference"])
    assert len({headers["webhook-id"] for _, headers, _ in hook.got}) == len(references) == 2


def until(ready, within_s=60):
    until_s = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < until_s
        time.sleep(0.05)
