import pytest
import torch

from tests.training.flows import patches, stirred_flow, tensors
from tsumami.training.macros.flow import MacroFlow
from tsumami.training.macros.layout import MOVED


@pytest.mark.parametrize("seed", range(3))
def test_decoding_undoes_encoding(seed: int) -> None:
    flow = stirred_flow(seed=seed)
    moved, condition = tensors(patches(64, seed))
    latent, _ = flow.encode(moved, condition)
    # float32 through four layers and a logit whose slope is 20 at the ends
    torch.testing.assert_close(flow.decode(latent, condition), moved, rtol=0, atol=2e-5)


def test_encoding_undoes_decoding() -> None:
    flow = stirred_flow()
    _, condition = tensors(patches(64))
    latent = 0.7 * torch.randn(64, len(MOVED))
    decoded = flow.decode(latent, condition)
    inside = ((decoded > 0) & (decoded < 1)).all(dim=1)
    assert inside.sum() > 16
    again, _ = flow.encode(decoded[inside], condition[inside])
    torch.testing.assert_close(again, latent[inside], rtol=0, atol=1e-3)


def test_the_volume_is_the_log_determinant_of_the_jacobian() -> None:
    flow = stirred_flow().double()
    moved, condition = (part.double() for part in tensors(patches(4)))
    _, volume = flow.encode(moved, condition)
    for row in range(len(moved)):

        def encode(point: torch.Tensor, row: int = row) -> torch.Tensor:
            return flow.encode(point[None], condition[row : row + 1])[0][0]

        jacobian = torch.func.jacrev(encode)(moved[row])
        torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], volume[row])


def test_the_condition_matters() -> None:
    flow = stirred_flow()
    moved, condition = tensors(patches(8))
    here, _ = flow.encode(moved, condition)
    there, _ = flow.encode(moved, condition.flip(0))
    assert (here - there).abs().amax(dim=1).min() > 1e-3


def test_a_new_flow_only_standardises() -> None:
    torch.manual_seed(0)
    flow = MacroFlow(4, 16)
    moved, condition = tensors(patches(500))
    flow.fit_range(moved)
    latent, _ = flow.encode(moved, condition)
    assert latent.mean(dim=0).abs().max() < 0.05
    assert latent.std(dim=0).max() < 1.1
