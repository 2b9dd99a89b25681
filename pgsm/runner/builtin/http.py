"""http.request: a call of an HTTP endpoint, its answer as the effect's output."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import quote

import httpx
import msgspec

from ...engine import exact
from .. import wire
from ..effect import Effect
from ..handlers import PermanentFailure, RetryAfter
from . import addresses
from .secrets import Secret, Secrets

LARGEST = 1_000_000  # bytes of a body that are kept
LONGEST_WAIT = 86_400.0
KEPT_HEADERS = ("content-type", "location", "etag", "last-modified", "retry-after")
RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Value = str | Secret


class Request(msgspec.Struct, forbid_unknown_fields=True):
    """The input of http.request.

    ==============  =================================================================
    method          POST where there is a body, else GET
    headers, query  names with texts, or with `{"env": NAME, "prefix": …}`
    json, text      the body, at most one of them
    timeout         seconds for all of it
    retry_statuses  answers to be tried again, after Retry-After where that is given
    ok_statuses     answers of 400 and above that are results, not failures
    keep_headers    further headers of the answer that the machine wants
    ==============  =================================================================
    """

    url: str
    method: Method | None = None
    headers: dict[str, Value] = {}
    query: dict[str, Value] = {}
    json: Any = msgspec.UNSET
    text: str | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0
    retry_statuses: list[int] = msgspec.field(default_factory=lambda: [*RETRY_STATUSES])
    ok_statuses: list[int] = []
    keep_headers: list[str] = []


async def request(effect: Effect, call: Request) -> dict[str, Any]:
    """Output: status, headers, and json or text (truncated: true if it was longer)."""
    url = _url(call)
    secrets = Secrets(url.host)
    sending = _send(call, url, _content(call), _headers(effect, call, secrets), secrets)
    try:
        answer = await asyncio.wait_for(sending, call.timeout)
    except (asyncio.TimeoutError, httpx.TimeoutException):
        message = f"no answer within {call.timeout:g} s"
        raise RetryAfter(None, message, code="http_timeout") from None
    except (httpx.HTTPError, OSError, ssl.SSLError) as problem:
        # its text may quote a header
        message = secrets.hide(f"{type(problem).__name__}: {problem}")
        raise RetryAfter(None, message, code="http_connection") from None
    _judge(call, answer)
    return answer


def _url(call: Request) -> httpx.URL:
    try:
        url = httpx.URL(call.url)
    except httpx.InvalidURL as problem:
        raise PermanentFailure(f"the url: {problem}", code="http_url") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise PermanentFailure("the url must be http(s)://host/…", code="http_url")
    if url.userinfo:
        message = "credentials belong into headers, by reference, not into the url"
        raise PermanentFailure(message, code="http_url")
    return url


def _content(call: Request) -> bytes | None:
    if call.json is not msgspec.UNSET:
        if call.text is not None:
            raise PermanentFailure("json and text are two bodies", code="http_body")
        return wire.dumps(call.json).encode()
    return None if call.text is None else call.text.encode()


def _headers(effect: Effect, call: Request, secrets: Secrets) -> httpx.Headers:
    headers = httpx.Headers(
        {
            "User-Agent": "pgsm",
            "Idempotency-Key": _token(effect.key),
            # what is small on its way may be huge when unpacked
            "Accept-Encoding": "identity",
        }
    )
    if call.json is not msgspec.UNSET:
        headers["Content-Type"] = "application/json"
    if effect.trace:
        headers["traceparent"] = effect.trace
    for name, given in call.headers.items():
        value = secrets.value(given)
        if not name.isascii() or any(c in "\r\n\0" for c in name + value):
            message = f'the header "{name}" has a line break in it'
            raise PermanentFailure(message, code="http_header")
        headers[name] = value
    return headers


def _token(key: str) -> str:
    """The key as a header can hold it: instance ids and business keys are any text."""
    if key.isascii() and key.isprintable():
        return key
    return quote(key, safe="/:@")


async def _send(
    call: Request,
    url: httpx.URL,
    content: bytes | None,
    headers: httpx.Headers,
    secrets: Secrets,
) -> dict[str, Any]:
    if call.query:
        pairs = {name: secrets.value(given) for name, given in call.query.items()}
        url = url.copy_merge_params(pairs)
    method = call.method or ("GET" if content is None else "POST")
    headers.setdefault("Host", url.netloc.decode("ascii"))
    host = url.raw_host.decode("ascii")
    problem: Exception | None = None
    port = url.port or (443 if url.scheme == "https" else 80)
    # no proxy and nothing else of the environment: they would undo what is checked
    async with httpx.AsyncClient(
        verify=_tls(), trust_env=False, timeout=None
    ) as client:
        for address in await addresses.resolve(host, port):
            there = client.build_request(
                method,
                url.copy_with(host=address),
                content=content,
                headers=headers,
                extensions={"sni_hostname": host},
            )
            try:
                answer = await client.send(there, stream=True)
            except httpx.ConnectError as failed:
                problem = failed
                continue
            try:
                return await _read(answer, call, secrets)
            finally:
                await answer.aclose()
    raise problem or OSError(f"{url.host} has no address")


async def _read(
    answer: httpx.Response, call: Request, secrets: Secrets
) -> dict[str, Any]:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            break
    kept = {*KEPT_HEADERS, *(name.lower() for name in call.keep_headers)}
    headers = {k: secrets.hide(v) for k, v in answer.headers.items() if k in kept}
    output: dict[str, Any] = {"status": answer.status_code, "headers": headers}
    text = body[:LARGEST].decode(answer.charset_encoding or "utf-8", "replace")
    text = secrets.hide(text).replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(body) > LARGEST:
        return {**output, "text": text, "truncated": True}
    if "json" in answer.headers.get("content-type", ""):
        try:
            return {**output, "json": exact.loads(text)}
        except ValueError:
            pass
    return {**output, "text": text}


def _judge(call: Request, answer: dict[str, Any]) -> None:
    status = answer["status"]
    message, code = f"the answer is {status}", f"http_{status}"
    if status in call.ok_statuses:
        return
    if status in call.retry_statuses:
        wait = _retry_after(answer["headers"].get("retry-after"))
        raise RetryAfter(wait, message, code=code, data=answer)
    if status >= 400:
        raise PermanentFailure(message, code=code, data=answer)


def _retry_after(text: str | None) -> float | None:
    """The seconds that a Retry-After header asks for; None where there is none."""
    if not text:
        return None
    if text.strip().isdigit():
        return min(LONGEST_WAIT, float(text))
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        return None
    seconds = (when - datetime.now(timezone.utc)).total_seconds()
    return min(LONGEST_WAIT, max(0.0, seconds))


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the authorities takes longer than a request."""
    return httpx.create_ssl_context(trust_env=True)
