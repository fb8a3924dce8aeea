"""Recordings that a browser sends, to find the sounds that are near to them."""

import asyncio

import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from tsumami.bridge.page.hearing import Hearing
from tsumami.bridge.page.limits import LARGEST_SOUND, PATIENCE_SECONDS
from tsumami.engine.errors import SoundError


class Finding:
    """Answers one recording at a time: mono float32, little end first, at the rate of the timbre encoder."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._busy = asyncio.Lock()

    async def __call__(self, request: Request) -> Response:
        """What the recording is near to, as JSON; 4xx with an ``error`` where nothing can be said."""
        ear = self._hearing.ear
        if ear is None:
            return _refused(404, "there is no index to search, or it is still being made")
        if self._busy.locked():
            return _refused(429, "another recording is being compared; try again")
        async with self._busy:
            content = await _body(request)
            if content is None or len(content) % 4:
                return _refused(413, f"a recording must be of {LARGEST_SOUND // 4} samples at most")
            try:
                found = await asyncio.to_thread(ear.find, np.frombuffer(content, "<f4"))
            except SoundError as error:
                return _refused(422, str(error))
        return JSONResponse(found)


async def _body(request: Request) -> bytes | None:
    """What is sent; None where it is too much, or takes too long."""
    content = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for part in request.stream():
                content += part
                if len(content) > LARGEST_SOUND:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return bytes(content)


def _refused(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status)
