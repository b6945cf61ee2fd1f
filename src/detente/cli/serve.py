"""`detente serve`: the channel over HTTP, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any, Final

import click

from detente.api.reach import check_worker_address, is_loopback
from detente.cli.desk import read_secret
from detente.cli.logs import FORMATS, begin
from detente.cli.served import data_option, database_option, host_secrets, opened_store
from detente.domain import NotUnderstood

LOG: Final = logging.getLogger(__name__)
_END_WITHIN_S: Final = 2
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@data_option
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8642, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--tls-cert", type=_FILE, help="A certificate with its chain, PEM.")
@click.option("--tls-key", type=_FILE, help="Its private key, PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy before us speaks TLS to everybody else.")
@click.option(
    "--advertise",
    metavar="URL",
    help="Where other workers of this host reach this one. Default: where it listens, or loopback where that is everywhere.",
)
@click.option("--log-format", type=click.Choice(FORMATS), default="text", show_default=True, help="Of standard error.")
@click.option("--workers-ca", type=_FILE, help="Certificates to trust of other workers, PEM. Default: the system's.")
@click.option(
    "--smtp",
    metavar="URL",
    help="Sends e-mail: smtp://host:587 (STARTTLS), smtps://host:465; smtp:// to this machine goes without TLS.",
)
@click.option("--smtp-from", metavar="ADDRESS", help="From whom.")
@click.option("--smtp-user", default="", help="Where the mail server asks for one.")
@click.option("--smtp-password-file", type=_FILE, help="Its password, in the first line.")
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="NAME=URL",
    help="Bring each head of the log to this witness (C2SP tlog-witness), which the understanding names. Repeatable.",
)
@click.option("--webhooks-to-loopback", is_flag=True, help="Webhooks may lead to this machine, there without TLS too.")
def serve(
    data: Path,
    database: str | None,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    advertise: str | None,
    workers_ca: Path | None,
    log_format: str,
    smtp: str | None,
    smtp_from: str | None,
    smtp_user: str,
    smtp_password_file: Path | None,
    witnesses: tuple[str, ...],
    webhooks_to_loopback: bool,
) -> None:
    """Serve every arena of the database (make one with `detente arena create`)."""
    check_reach(host, tls_cert, tls_key, behind_proxy=behind_proxy)
    begin(log_format)
    mail = mail_of(smtp, smtp_from, smtp_user, smtp_password_file)
    places = witness_places(witnesses)
    try:
        import uvicorn

        from detente.api.app import create_app
        from detente.api.connections import MOST_CONNECTIONS, MOST_HEAD_BYTES, Bounded
    except ModuleNotFoundError as error:
        raise NotUnderstood(f"{error.name} is not installed", hint="pip install 'detente[server]'") from error
    from detente.api.cosigning import Cosigning
    from detente.api.cursors import Cursors
    from detente.api.deliverer import Deliverer, keep_by
    from detente.api.sequencer import Host, Sequencer
    from detente.api.warm import warm_up

    key, cursor_key = host_secrets(data)
    with ExitStack() as stack:
        store = stack.enter_context(opened_store(data, database))
        arenas = store.arenas()
        if not arenas:
            raise NotUnderstood("there is no arena in the database", hint="detente arena create NAME")
        warm_up(LOG.info)
        _allow_files(2 * MOST_CONNECTIONS)
        listening = stack.enter_context(listening_at(host, port))
        place = place_of(listening, is_tls=tls_cert is not None)
        cosignings = {arena: Cosigning(store, arena, key.public, places) for arena in arenas}
        sequencers = {
            arena: Sequencer(
                store,
                Host(key, arena, store.now_us),
                holder=f"{os.getpid()} {token_hex(8)}",
                address=check_worker_address(advertise or _reached_at(listening, is_tls=tls_cert is not None)),
                salts=iter(lambda: token_bytes(32), b""),
                consult=cosignings[arena].consult,
            )
            for arena in arenas
        }
        for arena, sequencer in sequencers.items():
            sequencer.start()
            stack.callback(sequencer.stop)
            cosignings[arena].start(sequencer.holds_lease.is_set)
            stack.callback(cosignings[arena].stop)
            deliverer = Deliverer(
                store, Cursors(cursor_key), key, sequencer.host.arena,
                holds=sequencer.holds_lease.is_set,
                keep=partial(keep_by, sequencer),
                to_loopback=webhooks_to_loopback, smtp=mail,
            )  # fmt: skip
            deliverer.start()
            stack.callback(deliverer.stop)
        app = create_app(
            store,
            sequencers,
            host_key=key.public,
            cursor_key=cursor_key,
            workers_ca=None if workers_ca is None else str(workers_ca),
        )
        config = uvicorn.Config(
            app,
            http=Bounded,
            ws="none",
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_END_WITHIN_S,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            server_header=False,
            proxy_headers=behind_proxy,
        )

        class Server(uvicorn.Server):
            """Ends the streams first: they would not end by themselves. Then returns, so that the lease is given back.

            Its own way is to raise the signal anew once it has ended, and to die of it there.
            """

            def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002
                if hasattr(app.state, "served"):
                    app.state.served.events.close()
                self.force_exit = self.should_exit and sig == signal.SIGINT
                self.should_exit = True

        sys.stdout.write(f"détente serves {', '.join(arenas)} at {place}\n")
        sys.stdout.flush()
        Server(config).run(sockets=[listening])


def _allow_files(count: int) -> None:
    """Raises how many files we may have open, as far as the system lets us: each connection is one."""
    try:
        import resource
    except ModuleNotFoundError:  # no such limit here
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def witness_places(pairs: Iterable[str]) -> dict[str, str]:
    """Addresses of witnesses, by name, of `NAME=URL`.

    Raises:
        NotUnderstood: no such pair, or a name twice.
    """
    from detente.interop.tlog_witness import check_witness_url

    places: dict[str, str] = {}
    for pair in pairs:
        name, equals, url = pair.partition("=")
        if not equals or not name or name in places:
            raise NotUnderstood(f"--witness {pair!r:.80}", hint="NAME=URL, each name once, as the understanding has it")
        places[name] = check_witness_url(url)
    return places


def mail_of(url: str | None, sender: str | None, user: str, password_file: Path | None) -> Any:
    """How the host sends e-mail; None where it does not.

    Raises:
        NotUnderstood: an address that is none, nobody to send from, or no TLS to another machine.
    """
    from urllib.parse import urlsplit

    from detente.api.outlets import Smtp

    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not sender:
        raise NotUnderstood(f"{url!r:.80} is no mail server, or --smtp-from is missing", hint="--smtp smtp://host:587")
    tls = "tls" if parts.scheme == "smtps" else "none" if is_loopback(parts.hostname) else "starttls"
    password = read_secret(password_file, "the mail password") if password_file else ""
    return Smtp(parts.hostname, parts.port or (465 if tls == "tls" else 587), sender, user, password, tls)


def check_reach(host: str, tls_cert: Path | None, tls_key: Path | None, *, behind_proxy: bool) -> None:
    """Returns where nothing would go in the clear beyond this machine.

    Raises:
        NotUnderstood: a certificate without its key, or plain HTTP on an address that others reach.
    """
    if (tls_cert is None) != (tls_key is None):
        raise NotUnderstood("--tls-cert and --tls-key belong together", hint="give both, or neither")
    if not (is_loopback(host) or tls_cert or behind_proxy):
        raise NotUnderstood(
            f"{host} can be reached from other machines, and there is no TLS: tokens would go in the clear, and browsers would not sign",
            hint="give --tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS; or listen at 127.0.0.1",
        )


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        NotUnderstood: it cannot.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise NotUnderstood(
            f"cannot listen at {host}, port {port}: {error.strerror}", hint="choose another --port"
        ) from error


def place_of(listening: socket.socket, *, is_tls: bool) -> str:
    """The URL of where it listens."""
    return f"{'https' if is_tls else 'http'}://{_written(listening)}"


def _written(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reached_at(listening: socket.socket, *, is_tls: bool) -> str:
    """Where other workers reach us unless it is said: where we listen, or, where that is everywhere or without TLS, on this machine."""
    host, port = listening.getsockname()[:2]
    if is_tls and not ip_address(host).is_unspecified:
        return f"https://{_written(listening)}"
    return f"{'https' if is_tls else 'http'}://{host if is_loopback(host) and ':' not in host else '127.0.0.1'}:{port}"
