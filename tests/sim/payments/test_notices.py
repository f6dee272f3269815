"""Notices go out signed, come again until they are taken, and on request twice, the wrong way round or not at all."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import NamedTuple

import pytest

from sim.payments.server import Sandbox, Wanted

NOW_S = 1_795_000_000
WAIT_S = 20


class Post(NamedTuple):
    body: bytes
    signature: str


class Centre(ThreadingHTTPServer):
    """Whoever is told; it answers 500 as often as it is asked to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.came: Queue[Post] = Queue()
        self.fails = 0
        centre = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                centre.fails -= 1
                self.send_response(500 if centre.fails >= 0 else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                centre.came.put(Post(body, self.headers["Stripe-Signature"]))

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def centre() -> Iterator[Centre]:
    with Centre() as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.fixture
def clock() -> list[float]:
    return [NOW_S]


@pytest.fixture
def sandbox(centre: Centre, clock: list[float]) -> Iterator[Sandbox]:
    url = f"http://127.0.0.1:{centre.server_port}/"
    made = Sandbox(Wanted(None, "key", "secret", url, "http://pay", clock=lambda: clock[0]))
    yield made
    made.close()


def happen(sandbox: Sandbox, times: int = 1) -> list[str]:
    """Pages end unused; the names of what happened, in order."""
    service = sandbox.service
    customer = service.customer("c")
    return [
        service.expire(service.begin_visit("setup", f"v{nth}", customer, "http://x/", "http://x/").id).id
        for nth in range(times)
    ]


def subject(post: Post) -> str:
    return str(json.loads(post.body)["data"]["object"]["id"])


def test_a_notice_is_signed_as_stripe_signs(sandbox: Sandbox, centre: Centre) -> None:
    sandbox.notices.start()
    (name,) = happen(sandbox)
    post = centre.came.get(timeout=WAIT_S)
    assert subject(post) == name
    mac = hmac.new(b"secret", b"%d." % NOW_S + post.body, hashlib.sha256).hexdigest()
    assert post.signature == f"t={NOW_S},v1={mac}"


def test_a_notice_that_is_not_taken_comes_again_later(sandbox: Sandbox, centre: Centre, clock: list[float]) -> None:
    centre.fails = 1
    happen(sandbox)
    (event,) = sandbox.notices.events()
    assert sandbox.notices.deliver(event.id) == 500
    assert sandbox.notices._due() == []
    clock[0] += 1
    assert sandbox.notices._due() == [event.id]
    assert sandbox.notices.deliver(event.id) == 200
    clock[0] += 86_400
    assert sandbox.notices._due() == []
    assert sandbox.notices.events()[0].tries == 2


def test_nobody_there_is_no_answer(clock: list[float]) -> None:
    sandbox = Sandbox(Wanted(None, "key", "secret", "http://127.0.0.1:9/", "http://pay", clock=lambda: clock[0]))
    happen(sandbox)
    assert sandbox.notices.deliver(sandbox.notices.events()[0].id) == 0
    sandbox.close()


def test_faults_54_on_request_twice_and_the_wrong_way_round(sandbox: Sandbox, centre: Centre) -> None:
    for wish in ("double_notices", "shuffle_notices"):
        sandbox.control.put(wish, 1)
    names = happen(sandbox, 3)
    sandbox.notices.start()
    came = [subject(centre.came.get(timeout=WAIT_S)) for _ in range(6)]
    assert came == names[::-1] * 2


def test_on_request_not_at_all(sandbox: Sandbox, centre: Centre) -> None:
    sandbox.control.put("hold_notices", 1)
    happen(sandbox)
    sandbox.notices.start()
    sandbox.notices.stop()
    assert centre.came.empty()
    assert sandbox.notices.events()[0].tries == 0
