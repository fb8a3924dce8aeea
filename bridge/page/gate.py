"""What stands before everything that the page serves: whose request it is, and whether it has the token."""

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tsumami.bridge.page.access import Access

_WRONG_SECONDS: Final = 0.3
"""Before a wrong token is answered."""
_LONGEST_FORM: Final = 1024
_COOKIE_SECONDS: Final = 30 * 86_400
_HEADERS: Final = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_DOOR: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tsumami</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="dark light">
<body style="font: 1.2rem system-ui; display: grid; place-content: center; min-height: 90vh">
<form method="post" action="/enter"><p><label>Token of the session <br>
<input name="token" type="password" autofocus required style="font: inherit; padding: .6rem"></label>
<button style="font: inherit; padding: .6rem 1.2rem">Enter</button></form>"""


class Gate:
    """An application behind which ``app`` serves who may come in; ``refused`` hears of all others.

    A token in the address is taken once, for a cookie, and is gone from the address bar then.
    """

    def __init__(self, app: ASGIApp, access: Access, refused: Callable[[], None]) -> None:
        self._app, self._access, self._refused = app, access, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._access.is_from_here(headers):
            answer: ASGIApp = PlainTextResponse("This page is not for other sites.\n", 403)
        elif scope["type"] == "http" and (given := await self._given(Request(scope, receive))) is not None:
            answer = await self._let_in(given)
        elif self._access.is_known(headers):
            await self._app(scope, receive, _with_headers(send))
            return
        elif scope["type"] == "http" and scope["path"] in ("/", "/enter"):
            answer = HTMLResponse(_DOOR, 401)
        else:
            answer = PlainTextResponse("The token of the session is missing.\n", 401)
        if not isinstance(answer, RedirectResponse):
            self._refused()
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await answer(scope, receive, _with_headers(send))

    async def _given(self, request: Request) -> str | None:
        """The token that a request brings along, in its address or as a form, where one is needed."""
        if not self._access.has_token:
            return None
        if request.method == "GET" and request.url.path == "/":
            return request.query_params.get("token")
        if request.method != "POST" or request.url.path != "/enter":
            return None
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _LONGEST_FORM:
                return ""
        return parse_qs(body.decode("latin-1")).get("token", [""])[0]

    async def _let_in(self, given: str) -> Response:
        """To the page with a cookie, or to the door after a while."""
        if not self._access.is_token(given):
            await asyncio.sleep(_WRONG_SECONDS)
            return HTMLResponse(_DOOR, 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            self._access.cookie_name,
            self._access.pass_of(),
            max_age=_COOKIE_SECONDS,
            httponly=True,
            samesite="strict",
        )
        return answer


def _with_headers(send: Send) -> Send:
    """``send`` with the headers that keep the page to itself."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return sent
