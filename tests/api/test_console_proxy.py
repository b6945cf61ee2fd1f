"""The console from one's own installation: a real server behind it, and nobody else's page before it."""

import asyncio
import signal
import threading

import httpx
import pytest
import uvicorn

from channel_world import ARENA
from detente.api.console_files import POLICY
from detente.api.console_proxy import ConsoleProxy, check_server_url
from detente.api.wire import MOST_BODY_BYTES
from detente.cli.serve import listening_at, place_of
from detente.domain import NotUnderstood
from served_world import Server


@pytest.fixture
def server(tmp_path, database_url):
    server = Server(tmp_path, database_url)
    server.start()
    yield server
    server.end(signal.SIGKILL)


@pytest.fixture
def here(server):
    http = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=30)
    config = uvicorn.Config(ConsoleProxy(server.url, http), lifespan="off", log_level="warning")
    running = uvicorn.Server(config)
    with listening_at("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        yield place_of(listening, is_tls=False)
        running.should_exit = running.force_exit = True
        thread.join()


def test_files_are_from_here_and_the_rest_is_passed_on_with_its_refusals(server, here):
    server.found()
    page = httpx.get(f"{here}/")
    assert page.status_code == 200
    assert page.headers["content-security-policy"] == POLICY
    asked = f"/arenas/{ARENA}/rules"
    told = httpx.get(here + asked, headers=server.headers["A"])
    assert told.content == httpx.get(server.url + asked, headers=server.headers["A"]).content
    refused = httpx.get(here + asked)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert httpx.get(f"{here}/metrics", headers=server.headers["A"]).status_code == 404
    with httpx.stream("GET", f"{here}/arenas/{ARENA}/events", headers=server.headers["A"], timeout=30) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        assert next(events.iter_bytes())


def test_nobody_elses_page_and_no_other_name_gets_through(server, here):
    asked = f"{here}/arenas/{ARENA}/rules"
    assert httpx.get(asked, headers={"host": "evil.example"}).status_code == 403
    assert httpx.get(asked, headers={"origin": "https://evil.example"}).status_code == 403
    assert httpx.get(asked, headers={"origin": here}).status_code == 401
    assert httpx.get(f"{here}/", headers={"host": "evil.example"}).status_code == 403
    assert httpx.get(f"{here}/arenas/%2e%2e/metrics").status_code == 404
    assert httpx.request("DELETE", asked).status_code == 405
    assert httpx.post(asked, content=b" " * (MOST_BODY_BYTES + 1)).status_code == 413


def test_a_redirect_is_not_followed_and_a_silent_server_is_said():
    def there(request):
        if request.url.path.endswith("moved"):
            return httpx.Response(302, headers={"location": "https://elsewhere.example/"})
        raise httpx.ConnectError("refused")

    async def asked(path):
        http = httpx.AsyncClient(transport=httpx.MockTransport(there))
        app = httpx.ASGITransport(ConsoleProxy("https://there.example", http))
        async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1:1") as client:
            return await client.get(path)

    moved = asyncio.run(asked("/arenas/x/moved"))
    assert (moved.status_code, "location" in moved.headers) == (502, False)
    assert asyncio.run(asked("/arenas/x/rules")).status_code == 502


@pytest.mark.parametrize("url", ["http://there.example", "ftp://there.example", "there", "https://", "https://x:y"])
def test_a_server_is_asked_over_tls_or_on_this_machine(url):
    with pytest.raises(NotUnderstood):
        check_server_url(url)
    assert check_server_url("https://there.example/") == "https://there.example"


def test_a_stream_that_nobody_listens_to_any_more_is_ended_at_the_server_too():
    ended, to_app = [], asyncio.Queue()

    class Silent(httpx.AsyncByteStream):
        async def __aiter__(self):
            yield b"id: 1\n\n"
            await asyncio.sleep(100)

        async def aclose(self):
            ended.append(True)

    async def leave_after_the_first(message):
        if message["type"] == "http.response.body":
            await to_app.put({"type": "http.disconnect"})

    async def listen():
        answer = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Silent())
        http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
        path = "/arenas/x/events"
        asked = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
        await to_app.put({"type": "http.request", "body": b""})
        app = ConsoleProxy("https://there.example", http)
        await asyncio.wait_for(
            app({**asked, "headers": [(b"host", b"localhost:1")]}, to_app.get, leave_after_the_first), 30
        )

    asyncio.run(listen())
    assert ended == [True]


def test_a_file_is_read_here_and_the_server_is_sent_nothing_of_it(server, here):
    plans = b"party,reference,activity,position,radius\nA,N-1,air_operation,35N 36E,5 km\n"
    told = httpx.post(f"{here}/arenas/{ARENA}/readings?name=plans.csv", content=plans, timeout=30)
    assert [notice["reference"] for notice in told.json()["notices"]] == ["N-1"]  # without a token: no server gave that
    refused = httpx.post(f"{here}/arenas/{ARENA}/readings?name=plans.csv", content=b"", timeout=30)
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
