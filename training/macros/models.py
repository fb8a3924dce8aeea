"""The models by the names of the paper's table, then those beyond it."""

from collections.abc import Mapping
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.training.macros.autoencoders import AutoEncoder, Vae, Wae
from tsumami.training.macros.flow_models import FlowCoupling, FlowDis, FlowReg, VaeFlow
from tsumami.training.macros.flow_synth import FlowSynth
from tsumami.training.macros.head_models import CnnHeads, FlowHeads
from tsumami.training.macros.regressions import Cnn, Mlp, ResCnn
from tsumami.training.macros.synth_model import Learner, Shape, SynthNetwork
from tsumami.training.macros.synthesizer import Synthesizer

MODELS: Final[Mapping[str, type[SynthNetwork]]] = {
    "MLP": Mlp,
    "CNN": Cnn,
    "ResCNN": ResCnn,
    "AE": AutoEncoder,
    "VAE": Vae,
    "WAE": Wae,
    "VAE_flow": VaeFlow,
    "Flow_reg": FlowReg,
    "Flow_dis": FlowDis,
    "Flow_coupling": FlowCoupling,
    "Flow_synth": FlowSynth,
    "CNN_heads": CnnHeads,
    "Flow_heads": FlowHeads,
}
"""The paper's nine in its order, then ours; those with heads are for lists with discrete parameters."""

SYNTHESIZER: Final = "synthesizer"
"""What Flow_synth listens with: it is trained as models are, but answers no sound."""


def model_class(name: str) -> type[SynthNetwork]:
    """The class of a model. Raises `ParameterError` for a name that `MODELS` has not."""
    if name not in MODELS:
        raise ParameterError(f"model must be one of {', '.join(MODELS)}, got {name}")
    return MODELS[name]


def make_model(name: str, shape: Shape) -> SynthNetwork:
    """A new model of a class and a shape; see `model_class`."""
    return model_class(name)(shape)


def make_learner(name: str, shape: Shape) -> Learner:
    """The same, or a new `SYNTHESIZER`."""
    return Synthesizer(shape) if name == SYNTHESIZER else make_model(name, shape)
