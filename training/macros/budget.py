"""How much a training run may spend."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Budget:
    """Sizes of one run.

    ``patches`` are rendered for the training set; after each of ``rounds`` but the last, ``sweeps`` patches
    that the flow's own knobs lead to are rendered too, so that the surrogate knows where it will be asked.
    ``probes`` held-out patches are swept with every knob and rendered to measure the result.
    ``threads`` is how many torch computes with: small networks lose more than they win by a second one.
    """

    name: str
    patches: int
    rounds: int
    sweeps: int
    probes: int
    vae_epochs: int
    vae_channels: int
    vae_kernel: int
    surrogate_width: int
    surrogate_steps: int
    flow_layers: int
    flow_hidden: int
    flow_steps: int
    batch: int
    threads: int


BUDGETS: Final = {
    budget.name: budget
    for budget in (
        Budget("smoke", 80, 2, 40, 1, 30, 4, 3, 32, 40, 3, 16, 30, 48, 1),
        Budget("small", 10_000, 4, 2000, 24, 4, 16, 5, 192, 1500, 8, 96, 1500, 256, 1),
        Budget("full", 40_000, 5, 10_000, 50, 60, 64, 7, 512, 30_000, 10, 192, 20_000, 512, 8),
    )
}
"""``small`` takes two idle CPU cores well under an hour; ``full`` uses the paper's size of the VAE."""
