"""Where models run: which execution provider really loads, tried with the model that ships."""

from collections.abc import Iterator

import onnxruntime

from tsumami.bridge.doctor.finding import Finding
from tsumami.bridge.session.setup import model_path
from tsumami.bridge.session.tables import Session
from tsumami.engine.errors import ModelError
from tsumami.engine.inference.provider import open_on

_REINSTALL = "install Tsumami again"


def examine_models() -> Iterator[Finding]:
    """The shipped macro model on the CPU, which must work, and on CUDA, which may."""
    path = model_path(Session())
    compiled = onnxruntime.get_available_providers()
    try:
        model = path.read_bytes()
        on_cpu = open_on(model, path.name, "cpu").get_providers()
    except (OSError, ModelError) as error:
        yield Finding("models", "problem", f"the macro model does not load: {error}", _REINSTALL)
        return
    details = {"model": path.name, "compiled": compiled, "providers": on_cpu}
    yield Finding("models", "ok", f"{path.name} loads on {on_cpu[0]}", details=details)
    try:
        on_cuda = open_on(model, path.name, "cuda").get_providers()
    except ModelError:
        yield Finding(
            "models",
            "note",
            "CUDA does not load; models run on the CPU, which is enough for the macros",
            "with an NVIDIA card: pip install 'tsumami[cuda]', and its driver",
            {"compiled": compiled, "providers": []},
        )
        return
    details = {"compiled": compiled, "providers": on_cuda}
    yield Finding("models", "ok", f"{path.name} loads on {on_cuda[0]}", details=details)
