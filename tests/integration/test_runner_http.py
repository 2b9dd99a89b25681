"""http.request: what is sent, what an answer means, and what must not get out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import msgspec
import psycopg
import pytest

from pgsm import effects
from pgsm.runner import builtin
from pgsm.runner.builtin import addresses, http

from . import outbox, web
from .inside import outcome, running

Connect = Callable[..., psycopg.Connection]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def local_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSM_HTTP_PRIVATE", "127.0.0.0/8, ::1/128")


@pytest.fixture
def site() -> Iterator[web.Site]:
    with web.site() as running_site:
        yield running_site


def call(trace: str | None = None, key: str = "order-1/2/3", **given: Any) -> Any:
    """What the handler returns for this input."""
    effect: Any = SimpleNamespace(key=key, trace=trace)
    request = msgspec.convert(given, http.Request)
    return asyncio.run(http.request(effect, request))


def test_a_body_is_posted_with_the_key_and_the_trace(site: web.Site) -> None:
    json_type = {"Content-Type": "application/json", "X-Other": "no"}
    site.reply = lambda _: (201, json_type, b'{"id": 7, "rate": 0.10}')
    answer = call(TRACE, url=f"{site.url}/pay?a=1", json={"n": 1}, query={"b": "ü"})
    (got,) = site.requests
    assert (got.method, got.path) == ("POST", "/pay?a=1&b=%C3%BC")
    assert json.loads(got.body) == {"n": 1}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"] == "order-1/2/3"
    assert got.headers["traceparent"] == TRACE
    assert got.headers["host"] == site.url.removeprefix("http://")
    assert answer["status"] == 201
    assert answer["headers"] == {"content-type": "application/json"}
    assert answer["json"]["id"] == 7
    assert str(answer["json"]["rate"]) == "0.10"


def test_a_key_of_any_text_is_a_header(site: web.Site) -> None:
    call(url=site.url, key="Grüße\r\nX-Evil: 1/2")
    assert site.requests[0].headers["idempotency-key"] == (
        "Gr%C3%BC%C3%9Fe%0D%0AX-Evil:%201/2"
    )
    assert "x-evil" not in site.requests[0].headers


def test_a_get_has_no_body_and_keeps_the_headers_that_are_asked_for(
    site: web.Site,
) -> None:
    site.reply = lambda _: (200, {"X-Page": "2"}, b"hello\0")
    answer = call(
        url=site.url, headers={"Accept": "text/plain"}, keep_headers=["X-Page"]
    )
    assert site.requests[0].method == "GET"
    assert site.requests[0].headers["accept"] == "text/plain"
    assert answer == {"status": 200, "headers": {"x-page": "2"}, "text": "hello\ufffd"}


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again(site: web.Site, status: int) -> None:
    site.reply = lambda _: (status, {}, b"later")
    with pytest.raises(effects.RetryAfter) as raised:
        call(url=site.url)
    assert (raised.value.seconds, raised.value.code) == (None, f"http_{status}")
    assert raised.value.data["text"] == "later"


def test_retry_after_is_obeyed(site: web.Site) -> None:
    site.reply = lambda _: (429, {"Retry-After": "17"}, b"")
    with pytest.raises(effects.RetryAfter) as raised:
        call(url=site.url)
    assert raised.value.seconds == 17


def test_retry_after_may_be_a_date() -> None:
    past, nonsense = "Wed, 21 Oct 2015 07:28:00 GMT", "soon"
    assert http._retry_after(past) == 0
    assert http._retry_after(nonsense) is None
    assert http._retry_after("99999999") == http.LONGEST_WAIT


def test_a_refusal_is_not_asked_again(site: web.Site) -> None:
    json_type = {"Content-Type": "application/problem+json"}
    site.reply = lambda _: (422, json_type, b'{"title": "no"}')
    with pytest.raises(effects.PermanentFailure) as raised:
        call(url=site.url)
    assert raised.value.code == "http_422"
    assert raised.value.data["json"] == {"title": "no"}


def test_the_machine_says_which_answers_are_results_and_which_to_retry(
    site: web.Site,
) -> None:
    site.reply = lambda _: (404, {}, b"")
    assert call(url=site.url, ok_statuses=[404])["status"] == 404
    with pytest.raises(effects.RetryAfter):
        call(url=site.url, retry_statuses=[404])


def test_a_redirect_is_a_result_and_not_followed(site: web.Site) -> None:
    site.reply = lambda _: (302, {"Location": "http://10.0.0.1/"}, b"")
    answer = call(url=site.url)
    assert (answer["status"], answer["headers"]["location"]) == (
        302,
        "http://10.0.0.1/",
    )
    assert len(site.requests) == 1


def test_a_slow_server_is_a_timeout_of_the_whole(site: web.Site) -> None:
    def slow(_: web.Received) -> web.Reply:
        time.sleep(0.6)
        return 200, {}, b""

    site.reply = slow
    with pytest.raises(effects.RetryAfter) as raised:
        call(url=site.url, timeout=0.2)
    assert (raised.value.code, str(raised.value)) == (
        "http_timeout",
        "no answer within 0.2 s",
    )


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_a_server_that_is_not_there_is_asked_again(host: str) -> None:
    with pytest.raises(effects.RetryAfter) as raised:
        call(url=f"http://{host}/")
    assert raised.value.code == "http_connection"


def test_a_long_answer_is_cut(site: web.Site) -> None:
    site.reply = lambda _: (200, {"Content-Type": "application/json"}, b"x" * 1_200_000)
    answer = call(url=site.url)
    assert (len(answer["text"]), answer["truncated"]) == (http.LARGEST, True)


# Secrets


def test_a_secret_goes_out_and_comes_back_hidden(
    site: web.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "s3cret-token")
    monkeypatch.setenv("PGSM_SECRETS", "OTHER, CRM_TOKEN@localhost")
    site.reply = lambda got: (
        200,
        {},
        f"you are {got.headers['authorization']}".encode(),
    )
    secret = {"env": "CRM_TOKEN", "prefix": "Bearer "}
    answer = call(url=site.url, headers={"Authorization": secret})
    assert site.requests[0].headers["authorization"] == "Bearer s3cret-token"
    assert answer["text"] == "you are Bearer ***"


@pytest.mark.parametrize("listed", ["", "OTHER", "CRM_TOKEN@api.example.com"])
def test_a_variable_that_is_not_listed_for_the_host_is_not_read(
    site: web.Site, monkeypatch: pytest.MonkeyPatch, listed: str
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "s3cret-token")
    monkeypatch.setenv("PGSM_SECRETS", listed)
    with pytest.raises(effects.PermanentFailure) as raised:
        call(url=site.url, query={"token": {"env": "CRM_TOKEN"}})
    assert raised.value.code == "secret_not_allowed"
    assert site.requests == []


def test_a_secret_with_a_line_break_is_not_quoted(
    site: web.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "s3cret\ntoken")
    monkeypatch.setenv("PGSM_SECRETS", "CRM_TOKEN")
    with pytest.raises(effects.PermanentFailure) as raised:
        call(url=site.url, headers={"Authorization": {"env": "CRM_TOKEN"}})
    assert "s3cret" not in str(raised.value)


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_no_address_of_the_own_network_is_allowed_by_itself(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSM_HTTP_PRIVATE")
    assert not addresses.is_allowed(address)
    monkeypatch.setenv("PGSM_HTTP_PRIVATE", "allow")
    assert addresses.is_allowed(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert addresses.is_allowed(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "[::1]"])
def test_a_name_of_a_private_address_is_refused_before_anything_is_sent(
    site: web.Site, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.delenv("PGSM_HTTP_PRIVATE")
    with pytest.raises(effects.PermanentFailure) as raised:
        call(url=site.url.replace("localhost", host))
    assert raised.value.code == "address_not_allowed"
    assert site.requests == []


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "example.com", "http://a:b@example.com/", "http:///x"]
)
def test_what_is_no_good_url_is_refused(url: str) -> None:
    with pytest.raises(effects.PermanentFailure) as raised:
        call(url=url)
    assert raised.value.code == "http_url"


# In a machine


async def test_a_machine_calls_an_endpoint_without_python(
    fresh_dsn: str, connect: Connect, site: web.Site
) -> None:
    json_type = {"Content-Type": "application/json"}
    site.reply = lambda _: (200, json_type, b'{"accepted": true}')
    registry = effects.Registry()
    builtin.register(registry)
    connection = connect(fresh_dsn)
    outbox.define(connection, outbox.job(name="http.request"))
    outbox.start(connection, "job-1", task={"url": f"{site.url}/orders", "json": {}})
    outbox.start(connection, "job-2", task={"uri": site.url})
    async with running(fresh_dsn, registry):
        result = (await outcome(connection))["result"]
        error = (await outcome(connection, "job-2"))["error"]
    assert (result["status"], result["json"]) == (200, {"accepted": True})
    key = outbox.effect(connection, "job-1")["key"]
    assert site.requests[0].headers["idempotency-key"] == key
    assert "unknown field `uri`" in error["message"]
