"""A stream from end to end: a real sender in, a file, the network or a device out."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile

from tests.command import run_tsumami, run_tsumami_json, tsumami_command, tsumami_environment
from tests.jack import JackServer
from tests.rtp_relay import LOCAL, Relay, Weather, ffmpeg, ffmpeg_sends, free_port, free_socket, port_of
from tests.waiting import until
from tsumami.bridge.rtp.codecs import Codec, make_codec
from tsumami.bridge.rtp.depth import FixedDepth
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.port import Address
from tsumami.bridge.rtp.receiver import Receiver
from tsumami.bridge.rtp.sender import RtpSender
from tsumami.bridge.rtp.streaming import StreamOptions, StreamSession
from tsumami.engine.errors import DeviceError, ParameterError, SessionError
from tsumami.engine.strip.settings import DeviceRequest

RATE = 48_000
DEPTH_MS = 400.0


class Late:
    """Gives everything 100 samples later, and a mark for what is lost: a probe of the way, no product."""

    MARK = 2.0
    latency_samples = 100

    def __init__(self, codec: Codec) -> None:
        self._held = np.zeros((self.latency_samples, codec.channels), np.float32)

    def process(self, block: Samples, is_lost: bool) -> Samples:
        all_samples = np.concatenate([self._held, np.full_like(block, self.MARK) if is_lost else block])
        self._held = all_samples[len(block) :]
        return all_samples[: len(block)]

    def reset(self) -> None:
        self._held[:] = 0.0


@pytest.fixture
def noise(tmp_path: Path) -> npt.NDArray[np.float32]:
    """A second in 16 bits, in ``noise.wav``."""
    values = np.random.default_rng(1).integers(-9_000, 9_000, (RATE, 2)).astype(np.int16)
    soundfile.write(tmp_path / "noise.wav", values, RATE, subtype="PCM_16")
    return (values / 2**15).astype(np.float32)


@contextmanager
def sending(sound: Path, port: int, heard_on: int | None = None) -> Iterator[None]:
    """ffmpeg sends a file to ``port`` as soon as somebody listens on ``heard_on``, or there."""
    stop = threading.Event()

    def run() -> None:
        while not is_heard(heard_on or port) and not stop.is_set():
            time.sleep(0.01)
        with ffmpeg_sends(sound, "pcm_s16be", port) as process:
            while process.poll() is None and not stop.is_set():
                time.sleep(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def is_heard(port: int) -> bool:
    """Whether somebody listens there, and not only looks whether it is free; asking does not take it."""
    if not _is_bound(port):
        return False
    time.sleep(0.02)
    return _is_bound(port)


def _is_bound(port: int) -> bool:
    return any(
        connection.laddr.port == port for connection in psutil.net_connections("udp") if connection.laddr
    )


def run(**options: Any) -> dict[str, Any]:
    """Run a session until the sender stops."""
    return StreamSession(StreamOptions(once=True, depth_ms=DEPTH_MS, **options), Late).run()


def test_file_has_what_was_sent(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    port = free_port()
    with sending(tmp_path / "noise.wav", port):
        document = run(listen=f"{LOCAL}:{port}", output=tmp_path / "out.wav")
    heard, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_array_equal(heard[: len(noise)], noise)
    assert document["output_frames"] == len(heard)
    assert (document["lost"], document["concealed_ms"], document["seconds"]) == (0, 0.0, 1.0)
    json.dumps(document)


def test_file_is_marked_where_packets_were_lost(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    port = free_port()
    with Relay(port, Weather(loss=0.2, jitter_seconds=0.03, seed=9)) as relay:
        with sending(tmp_path / "noise.wav", relay.port, heard_on=port):
            document = run(listen=f"{LOCAL}:{port}", output=tmp_path / "out.wav")
        assert document["lost"] == relay.lost() > 10
    heard = soundfile.read(tmp_path / "out.wav", dtype="float32")[0][: len(noise)]
    is_lost = (heard == Late.MARK).all(axis=1)
    np.testing.assert_array_equal(heard[~is_lost], noise[~is_lost])
    assert document["concealed_ms"] == pytest.approx(1e3 * is_lost.sum() / RATE, abs=10)


def test_older_take_is_kept(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    assert len(noise)
    (tmp_path / "out.wav").write_bytes(b"precious")
    options = StreamOptions(f"{LOCAL}:{free_port()}", output=tmp_path / "out.wav", seconds=0.0)
    assert StreamSession(options, Late).run()["output"].endswith("out-2.wav")
    assert (tmp_path / "out.wav").read_bytes() == b"precious"


def test_what_is_sent_on_is_what_came(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    port, blocks, said = free_port(), list[Samples](), list[str]()
    last = free_socket()
    target = f"{LOCAL}:{port_of(last)}"
    codec = make_codec("L16", RATE, 2)
    depth = FixedDepth(DEPTH_MS / 1e3)
    probe = Late(codec)
    with (
        Receiver(
            last, codec, probe, blocks.append, depth=depth, block_size=128, tell=said.append
        ) as receiver,
        sending(tmp_path / "noise.wav", port),
    ):
        document = run(listen=f"{LOCAL}:{port}", send=target)
        until(lambda: receiver.has_ended, said)
    assert document["send"] == target
    assert (document["unsent"], receiver.statistics().lost) == (0, 0)
    assert document["sent"] == receiver.statistics().received
    heard = np.concatenate(blocks)[2 * Late.latency_samples :]
    np.testing.assert_array_equal(heard[: len(noise)], noise)


def test_player_opens_what_is_sent(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    """ffmpeg plays the session description that `--sdp` writes."""
    port, other = free_port(), free_port()
    description = tmp_path / "stream.sdp"
    options = StreamOptions(
        f"{LOCAL}:{port}", send=f"{LOCAL}:{other}", session_description=description, seconds=0.0
    )
    StreamSession(options, Late).run()  # writes it, so that the player can listen before all begins
    words = ("-protocol_whitelist", "file,udp,rtp", "-i", str(description), "-t", "0.5", "-f", "s16le", "-")
    with subprocess.Popen(ffmpeg(*words), stdout=subprocess.PIPE) as player:
        until(lambda: is_heard(other), ["the player does not listen"])
        with sending(tmp_path / "noise.wav", port):
            run(listen=f"{LOCAL}:{port}", send=f"{LOCAL}:{other}")
        assert player.stdout is not None
        heard = np.frombuffer(player.stdout.read(), np.int16).reshape(-1, 2) / np.float32(2**15)
    sought = noise[RATE // 10 : RATE // 10 + 64, 0].tobytes()
    assert sought in np.ascontiguousarray(heard[:, 0]).tobytes()


@pytest.mark.usefixtures("nothing_left")
def test_device_takes_as_much_as_comes(tmp_path: Path, noise: npt.NDArray[np.float32]) -> None:
    assert len(noise)
    port = free_port()
    with sending(tmp_path / "noise.wav", port):
        document = run(listen=f"{LOCAL}:{port}", device=DeviceRequest("null"))
    assert document["device"] == "null"
    assert (document["lost"], document["device_dropped"]) == (0, 0)
    assert document["played"] + document["skipped"] + document["late"] == document["received"]
    assert document["played"] > 0, "a live stream leaves out what a sender that starts slowly owes"


@pytest.mark.usefixtures("nothing_left")
def test_jack_plays_what_comes(jack_server: JackServer) -> None:
    port = free_port()
    words = ("stream", "--listen", f"{LOCAL}:{port}", "--once", "--json")
    with (
        subprocess.Popen(
            tsumami_command(*words), env=tsumami_environment(), stdout=subprocess.PIPE, text=True
        ) as process,
        RtpSender(Address(LOCAL, port), make_codec("L16", RATE, 2)) as sender,
    ):
        until(lambda: is_heard(port), ["it does not listen"])
        _send_tone(sender, seconds=1.0)
        out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert "JACK" in document["device"]
    assert -13.0 < document["device_peak_dbfs"] < -3.0, (
        "a quarter of full scale, and repairs where it is late"
    )
    assert (document["lost"], document["device_dropped"]) == (0, 0)
    assert jack_server.process.poll() is None


def _send_tone(sender: RtpSender, seconds: float) -> None:
    """A sine at a quarter of full scale, each packet at its time."""
    tone = (0.25 * np.sin(2 * np.pi * 440 / RATE * np.arange(round(seconds * RATE)))).astype(np.float32)
    begun = time.monotonic()
    for start in range(0, len(tone), 240):
        time.sleep(max(begun + start / RATE - time.monotonic(), 0.0))
        sender.send(np.repeat(tone[start : start + 240, np.newaxis], 2, axis=1))


@pytest.mark.parametrize(
    ("options", "error", "rule"),
    [
        ({"listen": "nowhere"}, ParameterError, "--listen must be HOST:PORT"),
        ({"listen": ":0"}, ParameterError, "--listen must be HOST:PORT"),
        ({"listen": "203.0.113.9:5004"}, DeviceError, "--listen must be an address of this computer"),
        ({"listen": "no.such.host.invalid:5004"}, DeviceError, "--listen must name a known host"),
        ({"depth_ms": 0.0}, ParameterError, "--depth-ms must be auto or in 0-1500 ms, got 0"),
        ({"payload_type": 128}, ParameterError, "--payload-type must be in 0-127, got 128"),
        ({"session_description": Path("x.sdp")}, ParameterError, "--sdp must stand with --send"),
        ({"output": Path("/no/such/folder/x.wav")}, SessionError, "--output '/no/such/folder/x.wav' must be"),
        ({"send": "here"}, ParameterError, "--send must be HOST:PORT"),
        ({"channels": 6}, ParameterError, "channels must be 1 or 2 for a device, got 6"),
    ],
)
def test_wrong_option_is_one_sentence(options: dict[str, Any], error: type[Exception], rule: str) -> None:
    options = {"listen": f"{LOCAL}:{free_port()}", "seconds": 0.0} | options
    with pytest.raises(error, match=rule):
        StreamSession(StreamOptions(**options), Late).run()


def test_command_repairs_what_is_lost(tmp_path: Path) -> None:
    """Nearer to what was sent than silence is; all that came is there, but for the ends of the gaps."""
    time_axis = np.arange(RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hz * time_axis) for hz in (220.0, 277.2, 329.6)) / 4
    soundfile.write(tmp_path / "chord.wav", np.stack([chord, chord], 1), RATE, subtype="PCM_16")
    sent = np.asarray(soundfile.read(tmp_path / "chord.wav", dtype="float32")[0], np.float32)
    mixed, plain = (_heard_with(tmp_path, sent, *words) for words in ((), ("--model", "none")))
    assert (mixed != plain).any(), "the model that ships has its say"


def _heard_with(folder: Path, sent: npt.NDArray[np.float32], *model: str) -> npt.NDArray[np.float32]:
    port = free_port()
    with (
        Relay(port, Weather(loss=0.1, seed=4)) as relay,
        sending(folder / "chord.wav", relay.port, heard_on=port),
    ):
        words = ("stream", "--listen", f"{LOCAL}:{port}", "--depth-ms", "400", "--once", *model)
        document = run_tsumami_json(*words, "--output", str(folder / "out.wav"))
        assert document["lost"] == relay.lost() > 5
    heard = np.asarray(soundfile.read(document["output"], dtype="float32")[0], np.float32)[: len(sent)]
    differs = (heard != sent).any(axis=1)
    assert 0 < differs.sum() / RATE <= 1e-3 * document["concealed_ms"] + 0.002 * document["lost"]
    error_db = 20 * np.log10((heard - sent)[differs].std() / sent[differs].std())
    assert error_db < -10.0, "three sines are foretold; silence would be 0 dB"
    return heard


def test_a_model_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    words = ("--listen", f"{LOCAL}:{free_port()}", "--model", str(tmp_path / "no.onnx"))
    done = run_tsumami("stream", *words, "-o", str(tmp_path / "out.wav"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tsumami: model file must be readable")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out.wav").exists()


def test_ctrl_c_ends_in_order(tmp_path: Path) -> None:
    port = free_port()
    words = ("stream", "--listen", f"{LOCAL}:{port}", "--output", str(tmp_path / "out.wav"), "--json")
    with subprocess.Popen(
        tsumami_command(*words),
        env=tsumami_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: is_heard(port), ["it does not listen"])
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(out)["received"] == 0
    assert said.splitlines()[0].startswith(f"tsumami: listening on {LOCAL}:{port} for L16, to file")


def test_port_in_use_is_one_line(tmp_path: Path) -> None:
    with free_socket() as taken:
        done = run_tsumami("stream", "--listen", f"{LOCAL}:{port_of(taken)}", "-o", str(tmp_path / "out.wav"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tsumami: --listen must be an address of this computer with a free port")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out.wav").exists()
