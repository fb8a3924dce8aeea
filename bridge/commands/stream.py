"""`tsumami stream`: hear a network."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tsumami.bridge.rtp import Codec, Concealer
    from tsumami.engine.restoration.mix import Mixer

_OUT = "Where it goes (the default device, if nowhere)"
_CODING = "What comes"


def stream(
    listen: Annotated[
        str, typer.Option(help="Address to listen on, HOST:PORT or :PORT; a multicast group is joined.")
    ],
    codec: Annotated[str, typer.Option(help="L16, L24, opus or jacktrip.", rich_help_panel=_CODING)] = "L16",
    rate: Annotated[int, typer.Option(help="Samples per second.", rich_help_panel=_CODING)] = 48_000,
    channels: Annotated[int, typer.Option(help="Of the stream.", rich_help_panel=_CODING)] = 2,
    payload_type: Annotated[
        int | None,
        typer.Option(help="RTP payload type; any that may mean the codec.", rich_help_panel=_CODING),
    ] = None,
    depth_ms: Annotated[
        str,
        typer.Option(help='How long packets are held: milliseconds, or "auto" for what the network asks.'),
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="WAV file (32-bit float); an older take is kept.", rich_help_panel=_OUT
        ),
    ] = None,
    send: Annotated[
        str | None, typer.Option(help="HOST:PORT to send it on to, repaired.", rich_help_panel=_OUT)
    ] = None,
    sdp: Annotated[
        Path | None,
        typer.Option(help="Describe what is sent in a file that players open.", rich_help_panel=_OUT),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help='Audio device: "auto", "null", or part of its name.', rich_help_panel=_OUT),
    ] = None,
    api: Annotated[str | None, typer.Option(help="Sound system to look in.", rich_help_panel=_OUT)] = None,
    own_clock: Annotated[
        bool,
        typer.Option(
            "--own-clock",
            help="Resample to this computer's clock, as for a device; else a file or the network gets the "
            "sender's own samples.",
            rich_help_panel=_OUT,
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|none",
            help="Model that weighs what gaps are filled with (ONNX, of `tsumami train mixer`); the one that "
            "ships. `none` does without.",
        ),
    ] = None,
    block_size: Annotated[int, typer.Option(min=16, max=4096, help="Frames at a time.")] = 128,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this time.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop when the sender has stopped.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="End with one JSON document on standard output.")
    ] = False,
) -> None:
    """Receive sound over RTP, or from a JackTrip peer, and repair it: what is lost is not heard."""
    from functools import partial

    from tsumami.bridge.rtp import StreamOptions, StreamSession
    from tsumami.engine.restoration.mix_model import chosen_mixer
    from tsumami.engine.strip.settings import DeviceRequest

    has_device = device is not None or api is not None
    options = StreamOptions(
        listen=listen,
        codec=codec,
        sample_rate=rate,
        channels=channels,
        payload_type=payload_type,
        depth_ms=_depth(depth_ms),
        block_size=block_size,
        output=output,
        send=send,
        session_description=sdp,
        device=DeviceRequest(device or "auto", api or "") if has_device else None,
        is_resampled=own_clock,
        seconds=seconds,
        once=once,
    )
    summary = StreamSession(options, partial(_make_concealer, chosen_mixer(model))).run()
    if json:
        print(json_module.dumps(summary))
    else:
        _say(summary)


def _depth(text: str) -> float | None:
    from tsumami.engine.errors import ParameterError

    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"--depth-ms must be auto or a number of milliseconds, got {text}") from None


def _make_concealer(mixer: "Mixer | None", codec: "Codec") -> "Concealer":
    from tsumami.engine.restoration import Concealer

    concealer = Concealer(codec.channels, codec.sample_rate, codec.packet_frames, mixer=mixer)
    concealer.warm_up()
    return concealer


def _say(summary: dict[str, Any]) -> None:
    """The numbers as a person reads them."""
    text = (
        "{seconds} s, {received} packets: {lost} lost, {late} late, {duplicate} twice, {reordered} out of "
        "order; {concealed_ms} ms concealed, depth {depth_ms} ms, drift {drift_ppm} ppm"
    )
    print(text.format(**summary))
