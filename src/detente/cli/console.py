"""`detente console`: the web console from one's own installation, against a server elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from detente.domain import NotUnderstood


@click.command()
@click.option("--server", metavar="URL", required=True, help="Where the host serves: https://channel.example.org.")
@click.option("--port", type=click.IntRange(0, 65535), default=8643, show_default=True, help="0 takes a free one.")
@click.option(
    "--certificates",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificates to trust in place of the system's.",
)
def console(server: str, port: int, certificates: Path | None) -> None:
    """Serve the console on this machine alone, with its pages from here, not from the host."""
    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise NotUnderstood("the console's server is not installed", hint="pip install 'detente[server]'") from error
    import httpx

    from detente.api.console_proxy import SILENT_S, ConsoleProxy, check_server_url
    from detente.cli.serve import listening_at, place_of

    there = check_server_url(server)
    verify: bool | str = str(certificates) if certificates else True
    http = httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False, timeout=SILENT_S)
    with listening_at("127.0.0.1", port) as listening:
        sys.stdout.write(f"the console of {there} is at {place_of(listening, is_tls=False)}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            ConsoleProxy(there, http), lifespan="off", log_level="warning", server_header=False, date_header=False,
            access_log=False, proxy_headers=False, ws="none", timeout_graceful_shutdown=1,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets=[listening])
