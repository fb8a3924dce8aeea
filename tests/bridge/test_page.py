"""The page's server: who may come in, what is taken from a browser, and what it is sent."""

import asyncio
import contextlib
import socket
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import run_tsumami
from tsumami.bridge.page.access import Access, check_token
from tsumami.bridge.page.browser import ThrownOutError, read_act
from tsumami.bridge.page.facts import Address
from tsumami.bridge.page.memory import PageMemory
from tsumami.bridge.page.port import listening_socket
from tsumami.bridge.page.scope import BANDS, POINTS, Scope
from tsumami.engine.errors import DeviceError, SessionError
from tsumami.engine.ring import Ring
from tsumami.engine.shared import FRAME_DTYPE

TOKEN = "a-word-that-is-long"
ADDRESSES = (
    Address("/tsumami/macro/bright", "f", 0.0, 1.0, "macro"),
    Address("/tsumami/morph", "iif", 1.0, 128.0),
    Address("/tsumami/panic", "", 0.0, 0.0),
)
RATE = 48_000


def act(number: int, *values: float) -> bytes:
    return struct.pack(f"<BH{len(values)}f", 1, number, *values)


@given(st.integers(0, 2), st.data())
def test_what_a_page_asks_is_read_as_it_was_meant(number: int, data: st.DataObject) -> None:
    types = ADDRESSES[number].types
    values = [data.draw(st.floats(0, 1, width=32) if each == "f" else st.integers(1, 128)) for each in types]
    assert read_act(act(number, *values), ADDRESSES) == (number, values)


@given(st.binary(max_size=64))
def test_noise_is_thrown_out_or_a_harmless_action(message: bytes) -> None:
    with contextlib.suppress(ThrownOutError):
        number, values = read_act(message, ADDRESSES)
        assert len(values) == len(ADDRESSES[number].types)
        assert all(np.isfinite(values))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (act(3), "an address must be below 3, got 3"),
        (act(0), "bright must have 1 arguments, got 0"),
        (act(0, float("nan")), "bright must have f, got nan"),
        (act(1, 1.5, 2, 0.5), "morph must have iif, got 1.5"),
        (b"\x01\x00", "an action must be whole, got 2 bytes"),
    ],
)
def test_what_no_page_sends_is_named(message: bytes, words: str) -> None:
    with pytest.raises(ThrownOutError, match=words) as found:
        read_act(message, ADDRESSES)
    assert found.value.code == 1007


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_a_text_is_read_as_it_was_written_or_not_at_all(texts: list[bytes]) -> None:
    memory = PageMemory.create()
    try:
        for text in texts:
            memory.write_text(text)
            assert memory.read_text() == text
        memory.meters["text"][0] ^= 1  # in the middle of being written
        assert memory.read_text() is None or not texts[-1]
    finally:
        memory.close()


@given(st.floats(60.0, 8000.0), st.floats(-60.0, 0.0))
def test_a_tone_is_in_its_band_at_its_level(hertz: float, decibels: float) -> None:
    ring = Ring.allocate(FRAME_DTYPE, 8192)
    tone = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * np.arange(8192) / RATE)
    frames = np.zeros(8192, FRAME_DTYPE)
    frames["left"] = frames["right"] = tone
    ring.push(frames)
    scope = Scope(ring, RATE)
    scope.take()
    levels = scope.levels().astype(float)
    edges = np.geomspace(30.0, 18_000.0, BANDS + 1)
    assert abs(int(levels.argmax()) - int(np.searchsorted(edges, hertz) - 1)) <= 1
    # Between two bins a Hann window reads 1.4 dB low; a level is 0.39 dB.
    assert -100.0 + levels.max() * 100.0 / 255.0 == pytest.approx(decibels, abs=1.9)
    wave = scope.wave()
    assert wave.shape == (2, POINTS)
    assert wave[0, 0] >= 0, "it begins where it rises"


def headers(**given: str) -> dict[str, str]:
    return {"host": "localhost:7770", **given}


@pytest.mark.parametrize(
    ("given_headers", "is_welcome"),
    [
        (headers(), True),
        (headers(origin="http://localhost:7770"), True),
        (headers(host="127.0.0.1:7770", origin="http://127.0.0.1:7770"), True),
        (headers(host="[::1]:7770"), True),
        (headers(origin="http://localhost:8000"), False),
        (headers(origin="http://evil.example"), False),
        (headers(origin="null"), False),
        (headers(host="evil.example:7770"), False),  # a name that was bound to this computer
        (headers(host="localhost.evil.example"), False),
        (headers(host=""), False),
        (headers(host="[::1"), False),
    ],
)
def test_only_this_computer_and_its_own_page_come_in(given_headers: dict[str, str], is_welcome: bool) -> None:
    assert Access(7770, None).is_from_here(given_headers) is is_welcome


def test_a_token_is_known_by_cookie_and_as_a_bearers() -> None:
    access = Access(7770, TOKEN)
    assert access.is_token(TOKEN)
    assert not access.is_token(TOKEN[:-1])
    assert not access.is_token("wört")
    assert access.is_known(headers(cookie=f"other=1; {access.cookie_name}={access.pass_of()}"))
    assert access.is_known(headers(authorization=f"Bearer {TOKEN}"))
    assert TOKEN not in access.pass_of()
    for wrong in ("", f"{access.cookie_name}={TOKEN}", f"{access.cookie_name}=", "\x00=;;", "ä=ö"):
        assert not access.is_known(headers(cookie=wrong))
    assert access.is_from_here(headers(host="192.168.0.7:7770"))
    assert not access.is_from_here(headers(host="192.168.0.7:7770", origin="http://evil.example"))


def test_the_network_needs_a_token_that_is_not_guessed() -> None:
    check_token("127.0.0.1", None)
    check_token("0.0.0.0", TOKEN)
    for host in ("0.0.0.0", "192.168.0.7", "::", "studio.local"):
        with pytest.raises(SessionError, match="--page-host must stand with a --page-token"):
            check_token(host, None)
    for token in ("short", "has a blank in it", "wörtlich-lang"):
        with pytest.raises(SessionError, match="--page-token must be at least 8 letters") as found:
            check_token("0.0.0.0", token)
        assert token not in str(found.value)


def test_a_port_that_is_taken_gives_way_to_another() -> None:
    with listening_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listening_socket("127.0.0.1", port) as second:
            assert second.getsockname()[1] not in (0, port)
    with pytest.raises(DeviceError, match="--page-host must be an address of this computer, got 192"):
        listening_socket("192.0.2.1", 0)


async def _is_sent_at_once(listening: socket.socket) -> bool:
    """Whether a small message of the server waits for no other."""
    met: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        option = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        met.set_result(bool(option))
        writer.close()

    async with await asyncio.start_server(greet, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        writer.close()
        return await asyncio.wait_for(met, 10.0)


def test_pictures_are_sent_at_once() -> None:
    """Held back until the last is acknowledged, they would come 40 ms late, three at a time."""
    with listening_socket("127.0.0.1", 0) as listening:
        assert asyncio.run(_is_sent_at_once(listening))


def test_a_host_without_a_token_is_refused_in_one_line() -> None:
    done = run_tsumami("live", "--page", "--page-host", "0.0.0.0", "--device", "null")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].count("--page-host must stand with a --page-token") == 1
    assert "Traceback" not in done.stderr
