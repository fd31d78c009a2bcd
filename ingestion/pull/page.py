"""One page of a web interface: the request, its retries, and what is no page.

Belongs here: waiting and trying again, redirects, login pages, JSON. Does not belong here: whether all
pages together are complete (`http`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
import tenacity

from ingestion.pull.contract import Http
from ingestion.pull.words import PullRefusedError, refused, secret

TRIES = 5
FIRST_WAIT_SECONDS = 1.0  # doubled each time
LONGEST_WAIT_SECONDS = 60.0
CONNECT_SECONDS = 10.0
PAGE_SECONDS = 60.0  # for one request in all, however steadily it drips
PAGE_BYTES = 64 << 20
REDIRECTS = 3
_MARKUP = ("<!doctype", "<html", "<head", "<body", "<script")
_BUSY = {408, 425, 429}
_sleep = time.sleep  # tests note the waits instead


@dataclass(frozen=True)
class Page:
    """The records of one page and what it says of all."""

    total: int
    records: list[dict[str, Any]]


class _TryAgainError(Exception):
    """Something that may well be over in a moment; `after` is what the interface asks to wait."""

    def __init__(self, reason: PullRefusedError, after: float | None = None) -> None:
        super().__init__(reason.en)
        self.reason, self.after = reason, after


class Client:
    """Asks for pages until the deadline, a point of time.monotonic()."""

    def __init__(self, pull: Http, deadline: float) -> None:
        self._pull, self._deadline = pull, deadline
        headers = {"Accept": "application/json", "User-Agent": "innostat"}
        if pull.token_env:
            token = secret(pull.token_env)
            if not token.isascii() or not token.isprintable():  # else the library's message would show it
                raise refused("secret_unreadable", env=pull.token_env)
            bearer = "Bearer " if pull.token_header.lower() == "authorization" else ""
            headers[pull.token_header] = f"{bearer}{token}"
        timeout = httpx.Timeout(PAGE_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def page(self, index: int) -> Page:
        """The page with this index, from 0."""
        pull, shown = self._pull, self._pull.first_page + index
        counted = {pull.page: shown} if pull.page else {pull.offset: index * pull.page_size}
        params = {name: str(value) for name, value in (*pull.params.items(), *counted.items())}
        if pull.size:
            params[pull.size] = str(pull.page_size)
        address = httpx.URL(pull.url).copy_merge_params(params)
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            wait=_wait,
            stop=lambda state: (
                state.attempt_number >= TRIES or time.monotonic() + _wait(state) > self._deadline
            ),
            sleep=lambda seconds: _sleep(seconds),
            reraise=True,
        )
        try:
            return _page(attempts(self._ask, address, shown), pull, shown)
        except _TryAgainError as again:
            reason = again.reason
        raise reason

    def _ask(self, address: httpx.URL, shown: int) -> Any:
        """The JSON at an address; a redirect is followed within the same host only."""
        for _ in range(REDIRECTS + 1):
            try:
                with self._client.stream("GET", address) as response:
                    if response.has_redirect_location:
                        address = _redirected(address, response)
                        continue
                    self._check_status(response, shown)
                    return self._json(response, shown)
            except httpx.HTTPError as error:
                # The kind of error says enough; the library's own text may hold what was sent.
                detail = type(error).__name__
                raise _TryAgainError(refused("no_answer", page=shown, detail=detail)) from None
        raise refused("redirected", host=address.host)

    def _check_status(self, response: httpx.Response, shown: int) -> None:
        status = response.status_code
        if status in (401, 403, 407):
            raise refused("rejected", status=status, env=self._pull.token_env or "token_env")
        if status in _BUSY or status >= 500:
            after = _retry_after(response.headers)
            if after is not None and after > LONGEST_WAIT_SECONDS:
                raise refused("wait_too_long", seconds=round(after), status=status)
            raise _TryAgainError(refused("http_status", page=shown, status=status), after)
        if status != 200:
            raise refused("http_status", page=shown, status=status)

    def _json(self, response: httpx.Response, shown: int) -> Any:
        body = bytearray()
        until = min(self._deadline, time.monotonic() + PAGE_SECONDS)
        for chunk in response.iter_bytes():  # as it arrives: each read waits for some bytes only
            body += chunk
            if time.monotonic() > until:
                raise _TryAgainError(refused("too_slow", page=shown, seconds=round(PAGE_SECONDS)))
            if len(body) > PAGE_BYTES:
                raise refused("too_large", page=shown, megabytes=PAGE_BYTES >> 20)
        try:
            text = body.decode(response.charset_encoding or "utf-8-sig").removeprefix("\ufeff")
            if text.lstrip()[:15].lower().startswith(_MARKUP):
                raise refused("web_page", page=shown, env=self._pull.token_env or "token_env")
            # Numbers stay as they are written: a float would lose the last digits of an amount or a code.
            return json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_number)
        except (ValueError, LookupError, RecursionError):
            raise _TryAgainError(refused("not_json", page=shown)) from None


def _page(answer: Any, pull: Http, shown: int) -> Page:
    records, total = _at(answer, pull.records), _at(answer, pull.total)
    if not isinstance(total, str) or not total.isdecimal():
        raise refused("no_such_path", page=shown, path=pull.total, what_zh="整数", what_en="whole number")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise refused(
            "no_such_path", page=shown, path=pull.records, what_zh="记录列表", what_en="list of records"
        )
    return Page(int(total), records)


def _at(answer: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def _redirected(address: httpx.URL, response: httpx.Response) -> httpx.URL:
    target = address.join(response.headers["location"])
    if (target.scheme, target.host, target.port) != (address.scheme, address.host, address.port):
        raise refused("redirected", host=target.host)
    return target


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = (error.after or 0.0) if isinstance(error, _TryAgainError) else 0.0
    doubled = FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1)
    return max(asked, min(LONGEST_WAIT_SECONDS, doubled))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; a date is measured against the answer's own, whatever the time is here."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(
            0.0, (parsedate_to_datetime(said) - parsedate_to_datetime(headers["date"])).total_seconds()
        )
    except (ValueError, TypeError, KeyError):
        return None


def _no_number(text: str) -> Any:
    raise ValueError(text)
