"""The whole training of a macros model, in stages that are kept, so that a stopped run goes on.

    render → VAE → (surrogate → flow → render where the knobs lead) × rounds → export → measure → card

The rounds are what makes the knobs honest: a flow trained against a surrogate finds the places where the
surrogate errs, so the next round's surrogate has been shown the sounds from there.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor, nn

from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.macros.loading import load_macros
from tsumami.plugins import CONTINUOUS, PARAMETERS
from tsumami.plugins.match.mel import HOP, N_FFT, SAMPLE_RATE
from tsumami.training.macros.budget import BUDGETS, Budget
from tsumami.training.macros.card import write_card
from tsumami.training.macros.data import (
    CHUNK,
    Renders,
    cache_folder,
    fingerprint,
    join,
    make_patches,
    render_and_describe,
    render_chunks,
    render_training_set,
    workers,
)
from tsumami.training.macros.descriptors import DESCRIPTORS, LABELS, MACROS
from tsumami.training.macros.export import export_flow
from tsumami.training.macros.export_graph import write_model
from tsumami.training.macros.flow import MacroFlow
from tsumami.training.macros.knobs import POSITIONS, Verdict, judge, sweep_knob
from tsumami.training.macros.layout import LATENTS, MOVED, PINNED, replace_moved, split
from tsumami.training.macros.objective import PRACTICE, Batch, Objective, Weights, step_costs
from tsumami.training.macros.scaling import KNOB_RANGE, RANGE, Scale
from tsumami.training.macros.surrogate import Surrogate, explained, fit_surrogate
from tsumami.training.macros.vae import LATENT, Vae, embed, fit_vae

_HELD_OUT_CHUNKS: Final = 1_000_000
"""Chunks of patches from here on are never trained on: probes for measuring."""

_VALIDATION_SHARE: Final = 0.05
_LEARNING_RATE: Final = 1e-3
_LARGEST_GRADIENT: Final = 5.0
_COST_PATCHES: Final = 1500


@dataclass(frozen=True, slots=True)
class Trained:
    """The result of a run: where the model lies, what it says of itself, and how its knobs did."""

    path: Path
    contract: Contract
    verdicts: tuple[Verdict, ...]
    seconds: float


def train_macros(
    out: Path, *, budget: str = "small", seed: int = 1, folder: Path | None = None, command: str = ""
) -> Trained:
    """Train, export to ``out`` (an ONNX file), measure, and write the model card beside it.

    ``folder`` keeps renders and finished stages (a cache folder of the user by default).
    """
    began = time.monotonic()
    folder = folder or cache_folder()
    torch.set_num_threads(BUDGETS[budget].threads)
    with workers() as pool:
        run = Run(BUDGETS[budget], seed, folder, pool)
        flow = run.train()
        content, contract = run.export(flow, command)
        write_model(content, out)
        verdicts = run.measure(out)
        metrics = {
            **contract.metrics,
            **{f"monotone {each.macro}": round(each.monotone, 3) for each in verdicts},
        }
        content, contract = run.export(flow, command, metrics)
        write_model(content, out)
    trained = Trained(out, contract, verdicts, time.monotonic() - began)
    write_card(trained.path.with_suffix(".md"), contract, verdicts, trained.seconds, asdict(BUDGETS[budget]))
    return trained


class Run:
    """One run: its data and its stages."""

    def __init__(self, budget: Budget, seed: int, folder: Path, pool: Executor) -> None:
        self._budget, self._seed, self._pool, self._renders_folder = budget, seed, pool, folder
        # More rounds go on from what fewer have left.
        sizes = {
            name: size for name, size in asdict(budget).items() if name not in ("rounds", "probes", "threads")
        }
        key = hashlib.sha256(json.dumps([sizes, seed, fingerprint(seed)]).encode()).hexdigest()[:12]
        self.folder = folder / f"run-{budget.name}-{key}"
        self._console = Console(stderr=True)
        self.metrics: dict[str, float] = {}

    def train(self) -> MacroFlow:
        """All stages up to the last flow."""
        renders = render_training_set(self._budget.patches, self._seed, self._renders_folder, self._pool)
        self.data_hash = hashlib.sha256(
            renders.parameters.tobytes() + renders.descriptors.tobytes()
        ).hexdigest()
        self.count = len(renders)
        self.scale = Scale.fit(renders.descriptors)
        pinned = renders.parameters[:, PINNED]
        self._pinned = pinned.mean(axis=0), pinned.std(axis=0) + np.float32(0.05)
        sounds = self._sounds(renders)
        surrogate, flow = self._networks(renders)
        for number in range(self._budget.rounds):
            self._fit_surrogate(surrogate, renders, number)
            self._fit_flow(flow, surrogate, renders, sounds, number)
            if number + 1 < self._budget.rounds:
                swept = self._render_sweeps(flow, renders, number)
                sounds = torch.cat([sounds, torch.full((len(swept), LATENT), torch.nan)])
                renders = join(renders, swept)
        return flow

    def export(
        self, flow: MacroFlow, command: str, metrics: dict[str, float] | None = None
    ) -> tuple[bytes, Contract]:
        """The ONNX file's bytes and its contract."""
        contract = self._contract(command, metrics or self.metrics)
        return export_flow(flow, *self._pinned, contract), contract

    def measure(self, model: Path) -> tuple[Verdict, ...]:
        """Sweep every knob of the exported model over patches that training has not seen."""
        processor = load_macros(str(model), "cpu", PARAMETERS).processor
        probes = make_patches(self._seed, _HELD_OUT_CHUNKS, self._budget.probes)
        swept = [
            np.concatenate([patch[None], *(sweep_knob(processor, patch, k) for k in range(len(MACROS)))])
            for patch in probes
        ]
        futures = [self._pool.submit(render_and_describe, patches, False) for patches in swept]
        described = np.stack([future.result()[1] for future in futures])
        sweeps = described[:, 1:].reshape(len(probes), len(MACROS), POSITIONS, len(DESCRIPTORS))
        return tuple(judge(k, sweeps[:, k], described[:, 0], self.scale) for k in range(len(MACROS)))

    def _sounds(self, renders: Renders) -> Tensor:
        """Posterior means of the VAE for every render, standardised."""
        self._seeded("vae")
        vae = Vae(self._budget.vae_channels, self._budget.vae_kernel)
        mels = torch.from_numpy(renders.mels).float()
        mels = (mels - mels.mean()) / mels.std()
        self._stage("vae", vae, lambda: fit_vae(vae, mels, epochs=self._budget.vae_epochs))
        with torch.inference_mode():
            vae.eval()
            part = mels[:512]
            error = (vae.decoder(vae.posterior(part)[0])[:, 0] - part).square().mean() / part.var()
        self.metrics["vae explained"] = round(1.0 - float(error), 4)
        sounds = embed(vae, mels).clone()
        return (sounds - sounds.mean(dim=0)) / (sounds.std(dim=0) + 1e-3)

    def _networks(self, renders: Renders) -> tuple[Surrogate, MacroFlow]:
        self._seeded("networks")
        flow = MacroFlow(self._budget.flow_layers, self._budget.flow_hidden)
        flow.fit_range(torch.from_numpy(split(renders.parameters)[0]))
        return Surrogate(self._budget.surrogate_width), flow

    def _fit_surrogate(self, surrogate: Surrogate, renders: Renders, number: int) -> None:
        """Train on all but a few patches; those few tell how good it is."""
        self._seeded(f"surrogate-{number}")
        moved, condition = (torch.from_numpy(part) for part in split(renders.parameters))
        units = torch.from_numpy(self.scale.to_units(renders.descriptors))
        order = torch.randperm(self.count, generator=torch.Generator().manual_seed(self._seed))
        unseen = order[: max(int(_VALIDATION_SHARE * self.count), 8)]
        seen = torch.ones(len(units), dtype=torch.bool)
        seen[unseen] = False
        steps = self._budget.surrogate_steps
        self._stage(
            f"surrogate-{number}",
            surrogate,
            lambda: fit_surrogate(
                surrogate, (moved[seen], condition[seen]), units[seen], steps=steps, batch=self._budget.batch
            ),
        )
        surrogate.eval()
        known = explained(surrogate, (moved[unseen], condition[unseen]), units[unseen])
        for name, share in zip(DESCRIPTORS, known, strict=True):
            self.metrics[f"surrogate R2 {name}"] = round(float(share), 3)
        self._console.print(
            "surrogate R²:", " ".join(f"{n} {r:.2f}" for n, r in zip(DESCRIPTORS, known, strict=True))
        )

    def _fit_flow(
        self, flow: MacroFlow, surrogate: Surrogate, renders: Renders, sounds: Tensor, number: int
    ) -> None:
        self._seeded(f"flow-{number}")
        surrogate.requires_grad_(False).eval()
        moved, condition = (torch.from_numpy(part) for part in split(renders.parameters))
        costs = step_costs(surrogate, moved[:_COST_PATCHES], condition[:_COST_PATCHES])
        objective = Objective(surrogate, len(MOVED), Weights().stricter(number), costs)
        units = torch.from_numpy(self.scale.to_units(renders.descriptors))
        whole = Batch(moved, condition, units, torch.from_numpy(renders.tags).float(), sounds)
        both = nn.ModuleList([flow, objective])
        self._stage(f"flow-{number}", both, lambda: self._flow_steps(flow, objective, whole))
        surrogate.requires_grad_(True)

    def _flow_steps(self, flow: MacroFlow, objective: Objective, whole: Batch) -> Iterator[float]:
        optimiser = torch.optim.Adam([*flow.parameters(), *objective.parameters()], lr=_LEARNING_RATE)
        steps = self._budget.flow_steps
        sums: dict[str, float] = {}
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = _LEARNING_RATE * min(1.0, (step + 1) / 50, 2.0 * (1.0 - step / steps))
            terms = objective(flow, _rows(whole, self._budget.batch))
            loss = objective.total(terms)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(flow.parameters(), _LARGEST_GRADIENT)
            optimiser.step()
            for name, term in terms.items():
                sums[name] = 0.98 * sums.get(name, float(term.detach())) + 0.02 * float(term.detach())
            if (step + 1) % 500 == 0:
                self._console.print(f"step {step + 1}:", " ".join(f"{n} {v:.3f}" for n, v in sums.items()))
            yield float(loss.detach())
        self.metrics.update({f"loss {name}": round(value, 4) for name, value in sums.items()})

    @torch.inference_mode()
    def _render_sweeps(self, flow: MacroFlow, renders: Renders, number: int) -> Renders:
        """Patches somewhere along the knobs' ways, rendered."""
        rng = np.random.default_rng([self._seed, 77, number])
        count = self._budget.sweeps
        chosen = renders.parameters[rng.integers(self.count, size=count)]
        moved, condition = (torch.from_numpy(part) for part in split(chosen))
        latent, _ = flow.encode(moved, condition)
        often = PRACTICE.double().numpy()
        macro = rng.choice(len(MACROS), size=count, p=often / often.sum())
        latent[torch.arange(count), macro] = torch.from_numpy(
            rng.uniform(-KNOB_RANGE, KNOB_RANGE, count)
        ).float()
        patches = replace_moved(chosen, flow.decode(latent, condition).numpy())
        size = min(CHUNK, count)
        chunks = [patches[start : start + size] for start in range(0, count, size)]
        swept = render_chunks(chunks, self.folder, self._pool, with_mels=False, title=f"sweeps-{number}")
        return Renders(
            swept.parameters,
            np.zeros((len(swept), *renders.mels.shape[1:]), np.float16),
            swept.descriptors,
            swept.tags,
        )

    def _stage(self, name: str, module: nn.Module, steps: Callable[[], Iterator[float]]) -> None:
        """Load a finished stage's weights, or train it and keep them."""
        path = self.folder / f"{name}.pt"
        if path.exists():
            module.load_state_dict(torch.load(path, weights_only=True))
            return
        with Progress(console=self._console, transient=True) as progress:
            task = progress.add_task(name, total=None)
            losses = []
            for loss in steps():
                losses.append(loss)
                progress.update(task, advance=1, description=f"{name} {np.mean(losses[-50:]):.4g}")
        self._console.print(
            f"{name}: {len(losses)} steps, loss {losses[0]:.4g} → {np.mean(losses[-50:]):.4g}"
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        torch.save(module.state_dict(), unfinished)
        unfinished.replace(path)

    def _seeded(self, stage: str) -> None:
        """Every stage draws from its own random numbers, so that a resumed run ends like any other."""
        digest = hashlib.sha256(f"{self._seed} {stage}".encode()).digest()
        torch.manual_seed(int.from_bytes(digest[:4], "little"))

    def _contract(self, command: str, metrics: dict[str, float]) -> Contract:
        normalisation = {
            f"{macro} at {sign}{RANGE}": round(float(self.scale.knots[row, k]), 4)
            for k, macro in enumerate(MACROS)
            for sign, row in (("-", 0), ("+", -1))
        }
        return Contract(
            name="builtin macros",
            kind="macros",
            sample_rate=SAMPLE_RATE,
            n_fft=N_FFT,
            hop=HOP,
            window="hann",
            normalisation=normalisation,
            training=Training(
                data=f"{self.count} patches of the built-in synthesizer, rendered",
                data_hash=self.data_hash,
                command=command,
                seed=self._seed,
            ),
            parameters=tuple(ModelParameter(row.name, row.choices) for row in PARAMETERS),
            latents=self._latents(),
            metrics=metrics,
        )

    def _latents(self) -> tuple[Latent, ...]:
        mean, spread = self._pinned
        ranges = [(-KNOB_RANGE, KNOB_RANGE)] * len(MOVED)
        ranges += [(-m / s, (1.0 - m) / s) for m, s in zip(mean.tolist(), spread.tolist(), strict=True)]
        return tuple(
            Latent(name, *LABELS.get(name, ("", "")), round(low, 4), round(high, 4))
            for name, (low, high) in zip(LATENTS, ranges, strict=True)
        )


def _rows(whole: Batch, count: int) -> Batch:
    """A random batch; whatever its size, a few of its patches have human tags."""
    rows = torch.randint(len(whole.moved), (count,))
    tagged = whole.tags.abs().sum(dim=1).nonzero()[:, 0]
    few = max(count // 32, 1)
    rows[:few] = tagged[torch.randint(len(tagged), (few,))]
    return Batch(
        whole.moved[rows], whole.condition[rows], whole.units[rows], whole.tags[rows], whole.sounds[rows]
    )


assert len(LATENTS) == CONTINUOUS
