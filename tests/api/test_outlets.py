"""Webhooks and e-mail: who is told, how it is proven, where it may not lead, and that nothing but a reference leaves."""

import json
import os
import signal
import socket
import socketserver
import ssl
import threading
import time
from base64 import b64decode
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from channel_world import ARENA, FULL
from detente.api import outlets as told
from detente.api import outward
from detente.api.outlets import News, NotTold, Smtp, post_webhook, send_mail
from detente.api.outward import is_public
from detente.channel.acts import MessageBody, OutletBody, StopBody
from detente.record.keys import SigningKey, public_key_from_text
from outlet_world import Hook, until
from sequencer_world import plan
from served_world import Server
from tls_world import Authority

KEY = SigningKey(b"k" * 32)
NEWS = News(ARENA, "msg_1", "view", "reference", 1_537_209_540_000_000, 1_537_210_140_000_000)


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
    ("status", "is_final"),
    [(500, False), (503, False), (429, False), (302, False), (400, False), (401, False), (404, False), (410, True)],
)
def test_what_is_not_taken_is_told_apart_by_whether_trying_again_helps(hook, status, is_final):
    hook.status, hook.headers = status, {"location": "http://169.254.169.254/"}
    with pytest.raises(NotTold, match=f"it answered {status}") as error:
        send(hook)
    assert error.value.is_final is is_final
    assert len(hook.got) == 1  # no redirect is followed


def test_a_long_answer_is_not_read(hook):
    hook.text = b"x" * 50_000_000
    send(hook)


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n", b"hello\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 99999 x\r\n\r\n", b"HTTP/1.1 -20 x\r\n\r\n", b"HTTP/1.1 2\xb20 x\r\n\r\n",
        b"HTTP/1.1 600 x\r\n\r\n", b"HTTP/9 200 x\r\n\r\n", b"x" * 100_000, b"HTTP/1.1 200 x\r\n" + b"a: b\r\n" * 200,
        b"HTTP/1.1 200 x\r\na: " + b"b" * 100_000, b"HTTP/1.1 100 on\r\n\r\n" * 1_000, bytes(range(256)) * 4,
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_failure_like_any_other(listening, answer):
    def speak(end):
        with end, suppress(OSError):
            end.recv(4_096)
            end.sendall(answer)

    with pytest.raises(NotTold, match=r"does not answer|it answered") as error:
        post_webhook(f"http://127.0.0.1:{listening(speak)}/", NEWS, KEY, now_us=0, to_loopback=True)
    assert not error.value.is_final


# ── one deadline for all of an attempt ───────────────────────────────────────────────────────────────────────────────


def drip(end, text, pause_s=0.05):
    """Sends a byte now and then, until nobody listens."""
    for each in text:
        try:
            end.sendall(bytes([each]))
        except OSError:
            return
        time.sleep(pause_s)


@pytest.fixture
def listening():
    """Begins a server that does as it is told with each connection; returns its port."""
    servers = []

    def begin(speak):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve():
            while True:
                try:
                    end, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=speak, args=(end,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1]

    yield begin
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


SLOW_ANSWER = b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 50 + b"\r\n"  # some 20 s; then it would be taken


def test_who_answers_too_slowly_is_given_up_in_time(listening, monkeypatch):
    monkeypatch.setattr(told, "ATTEMPT_S", 0.5)
    port = listening(lambda end: drip(end, SLOW_ANSWER))
    with pytest.raises(NotTold, match="does not answer"):
        post_webhook(f"http://127.0.0.1:{port}/", NEWS, KEY, now_us=0, to_loopback=True)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def leads(monkeypatch, *addresses):
    """Has every name lead to these addresses."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **__: [(0, 0, 0, "", (a, port)) for a in addresses])


def post_tls(port, context, name="hook.example.org"):
    post_webhook(f"https://{name}:{port}/", NEWS, KEY, now_us=0, to_loopback=True, context=context)


def test_who_answers_too_slowly_over_tls_is_given_up_in_time(listening, authority, monkeypatch):
    serving = authority.serving("hook.example.org")

    def speak(end):
        drip(serving.wrap_socket(end, server_side=True), SLOW_ANSWER)

    monkeypatch.setattr(told, "ATTEMPT_S", 1.0)
    leads(monkeypatch, "127.0.0.1")
    with pytest.raises(NotTold, match="does not answer"):
        post_tls(listening(speak), authority.trusted())


def test_who_drags_a_handshake_out_is_given_up_in_time(listening, authority, monkeypatch):
    """A byte of it now and then: some 20 s for all of it."""
    serving, through = authority.serving("hook.example.org"), []

    def speak(end):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = serving.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(end.recv(4_096))
        with suppress(ssl.SSLWantReadError):
            secured.do_handshake()
        flight = outgoing.read()
        drip(end, flight[:-10], 0.02)
        through.append("nearly all of it")
        drip(end, flight[-10:], 0.02)

    monkeypatch.setattr(told, "ATTEMPT_S", 1.0)
    leads(monkeypatch, "127.0.0.1")
    with pytest.raises(NotTold, match="cannot be reached"):
        post_tls(listening(speak), authority.trusted())
    assert through == []


def test_a_name_that_nobody_answers_for_is_given_up_in_time_and_is_asked_for_once(monkeypatch):
    is_over, asked = threading.Event(), []

    def look_up(*name, **_):
        asked.append(name)
        is_over.wait(60)
        return []

    monkeypatch.setattr(told, "ATTEMPT_S", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for _ in range(3):
        with pytest.raises(NotTold, match="no public address"):
            post_webhook("https://slow.example.org/", NEWS, KEY, now_us=0)
    assert asked == [("slow.example.org", 443)]
    is_over.set()
    until(lambda: not outward._lookups)
    with pytest.raises(NotTold, match="no public address"):
        post_webhook("https://slow.example.org/", NEWS, KEY, now_us=0)
    assert len(asked) == 2


# ── to whom ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_for_another_name_or_by_a_stranger_is_told_nothing(authority, monkeypatch):
    leads(monkeypatch, "127.0.0.1")
    hook = Hook(tls=authority.serving("hook.example.org"))
    try:
        for name, context in (("other.example.org", authority.trusted()), ("hook.example.org", None)):
            with pytest.raises(NotTold, match="certificate does not hold") as error:
                post_tls(hook.port, context, name)
            assert not error.value.is_final  # certificates are renewed
        assert hook.got == []
        post_tls(hook.port, authority.trusted())
    finally:
        hook.close()
    assert len(hook.got) == 1


def test_where_the_first_address_of_a_name_takes_nothing_the_next_is_told(hook, monkeypatch):
    leads(monkeypatch, "127.0.0.9", "127.0.0.1")  # nobody listens at the first
    post_webhook(f"http://hook.example.org:{hook.port}/", NEWS, KEY, now_us=0, to_loopback=True)
    assert len(hook.got) == 1


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

    def connect(addresses, port, _):
        reached.append((addresses, port))
        raise OSError

    monkeypatch.setattr(told, "connected", connect)
    with pytest.raises(NotTold):
        post_webhook("https://hook.example.org/", NEWS, KEY, now_us=0)
    assert reached == [(["1.1.1.1"], 443)]


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
    """A mail server that keeps what it gets; `answers` has what it says instead to a command."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, **answers):
        self.got, self.answers = [], {name.upper().encode(): answer for name, answer in answers.items()}
        super().__init__(("127.0.0.1", 0), _MailDoor)
        self.smtp = Smtp("127.0.0.1", self.server_address[1], "channel@example.org", tls="none")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


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
            drip(self.request, self.server.answers.get(word, b"221 bye" if word == b"QUIT" else b"250 fine"), 0)
            self.wfile.write(b"\r\n")


def test_an_email_has_the_reference_and_the_deadline_and_nothing_else():
    with Mail() as mail:
        send_mail("duty@example.org", NEWS, mail.smtp)
        (text,) = mail.got
    assert "To: duty@example.org" in text
    assert "Subject: levant: view waits" in text
    assert "To be read by 2018-09-17T18:49:00+00:00." in text
    assert "Reference: reference" in text


def test_a_recipient_that_is_refused_is_not_tried_again_and_a_server_that_is_away_is():
    with Mail(rcpt=b"550 nobody") as mail, pytest.raises(NotTold) as error:
        send_mail("duty@example.org", NEWS, mail.smtp)
    assert error.value.is_final
    with pytest.raises(NotTold) as error:
        send_mail("duty@example.org", NEWS, mail.smtp)
    assert not error.value.is_final


@pytest.mark.parametrize("answer", [b"450 4.2.0 greylisted", b"451 later", b"421 too many"])
def test_a_mail_server_that_asks_to_come_again_is_asked_again(answer):
    with Mail(rcpt=answer) as mail:
        with pytest.raises(NotTold) as error:
            send_mail("duty@example.org", NEWS, mail.smtp)
        assert mail.got == []
    assert not error.value.is_final


@pytest.mark.parametrize("answer", [b"421 going down", b"500 what?"])
def test_what_a_mail_server_says_once_it_has_taken_a_message_is_no_failure(answer):
    with Mail(quit=answer) as mail:
        send_mail("duty@example.org", NEWS, mail.smtp)
        assert len(mail.got) == 1


def test_a_mail_server_that_speaks_too_slowly_is_given_up_in_time(listening, monkeypatch):
    monkeypatch.setattr(told, "ATTEMPT_S", 0.5)
    port = listening(lambda end: drip(end, b"220-" + b"x" * 400 + b"\r\n220 here\r\n"))
    with pytest.raises(NotTold, match="did not take it"):
        send_mail("duty@example.org", NEWS, Smtp("127.0.0.1", port, "channel@example.org", tls="none"))


def test_without_starttls_a_server_on_another_machine_gets_nothing():
    with Mail() as mail:
        with pytest.raises(NotTold):
            send_mail("duty@example.org", NEWS, replace(mail.smtp, tls="starttls"))
        assert mail.got == []


def test_a_mail_server_is_spoken_to_under_tls_with_a_certificate_that_holds(listening, authority, monkeypatch):
    """At once, or from STARTTLS on; with a stranger's certificate it gets nothing."""
    got, serving = [], authority.serving("mail.example.org")
    answers = {b"EHLO": b"250-here\r\n250 STARTTLS", b"DATA": b"354 go on", b"STAR": b"220 go on"}

    def speak(end, *, at_once):
        with suppress(OSError):  # who does not believe us hangs up
            end = serving.wrap_socket(end, server_side=True) if at_once else end
            end.sendall(b"220 here\r\n")
            while line := end.recv(4_096):
                got.append(line)
                end.sendall(answers.get(line[:4].upper(), b"250 fine") + b"\r\n")
                end = serving.wrap_socket(end, server_side=True) if line[:4].upper() == b"STAR" else end

    monkeypatch.setattr(told, "_verifying", authority.trusted)
    leads(monkeypatch, "127.0.0.1")
    for tls in ("tls", "starttls"):
        port = listening(partial(speak, at_once=tls == "tls"))
        send_mail("duty@example.org", NEWS, Smtp("mail.example.org", port, "channel@example.org", tls=tls))
        assert any(b"Reference: reference" in line for line in got)
        got.clear()
        with pytest.raises(NotTold):
            send_mail("duty@example.org", NEWS, Smtp("other.example.org", port, "channel@example.org", tls=tls))
        assert not any(b"MAIL" in line.upper()[:4] for line in got)


# ── served ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_party_is_told_by_its_webhook_of_what_comes_across_a_kill_and_a_receiver_that_was_away(hook, tmp_path):
    hook.status = 500
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
        hook.status = 200
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


def test_what_was_delivered_when_the_server_was_killed_is_told_again_under_its_id_and_all_else_once(
    hook, tmp_path, database_url
):
    """The receiver kills the server with the second delivery in its hands: told, and not yet kept."""
    server = Server(tmp_path, database_url)
    plain, client, all_are_in = list(server.options), server.parties["A"], threading.Event()

    def kill():
        if len(hook.got) == 2:
            assert all_are_in.wait(60)
            os.kill(server.process.pid, signal.SIGKILL)

    hook.before = kill
    try:
        server.options = [*plain, "--webhooks-to-loopback"]
        server.start()
        server.found()
        body = OutletBody("a" * 32, "webhook", hook.url, ("message",))
        server.post("B", [server.parties["B"].sign("outlet", "", body)])
        for number in range(4):
            server.post("A", [client.sign("message", "B", MessageBody(f"{number:032x}", "word"))])
        all_are_in.set()
        until(lambda: server.process.poll() is not None)
        server.end()
        server.start()
        until(lambda: len(set(hook.ids)) == 4)
        last = server.inbox("B")[-1]["cursor"]
        until(lambda: server.get("B", "outlets")["outlets"][0]["told_up_to"] == last)
    finally:
        server.end(signal.SIGTERM)
    counts = Counter(hook.ids)
    assert len(counts) == 4
    assert [count > 1 for count in counts.values()] == [False, True, False, False]  # in order, and the second again
