"""The trained baselines are the authors' networks: exact counts, and the laws their papers rest on."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.testing import assert_close

from models.baselines.cyclegan import CycleGanConfig, CycleGanDiscriminator, CycleGanGenerator
from models.baselines.edge_connect import (
    EdgeConnectConfig,
    EdgeGenerator,
    InpaintGenerator,
    edge_discriminator,
    inpaint_discriminator,
)
from models.baselines.nafnet import NafBlock, NafNet, NafNetConfig
from models.baselines.operation_attention import OperationAttentionConfig, OperationAttentionNetwork, OperationGroup
from models.baselines.patch_discriminator import JudgeNorm, PatchDiscriminator70
from models.baselines.pix2pix import Pix2PixConfig, Pix2PixDiscriminator, Pix2PixGenerator

PIX2PIX = Pix2PixConfig(width=64, depth=8, judge_width=64)
SMALL_PIX2PIX = Pix2PixConfig(width=4, depth=6, judge_width=4)
CYCLEGAN = CycleGanConfig(width=64, num_blocks=9, judge_width=64)
SMALL_CYCLEGAN = CycleGanConfig(width=4, num_blocks=2, judge_width=4)
ATTENTION = OperationAttentionConfig(width=16, num_groups=10, layers_per_group=4)
NAFNET = NafNetConfig(width=32, encoder_blocks=(2, 2, 4, 8), middle_blocks=12, decoder_blocks=(2, 2, 2, 2))
SMALL_NAFNET = NafNetConfig(width=4, encoder_blocks=(1, 1), middle_blocks=1, decoder_blocks=(1, 1))
EDGES = EdgeConnectConfig(width=64, num_blocks=8, judge_width=64)
SMALL_EDGES = EdgeConnectConfig(width=4, num_blocks=2, judge_width=4)


@pytest.mark.parametrize(
    ("build", "config", "count"),
    [
        (
            Pix2PixGenerator,
            PIX2PIX,
            54_413_955,
        ),  # logged as 54.414 M; a bias in the first convolution, which theirs lacks, adds 64
        (Pix2PixDiscriminator, PIX2PIX, 2_768_705),
        (CycleGanGenerator, CYCLEGAN, 11_378_179),
        (CycleGanDiscriminator, CYCLEGAN, 2_764_737),
        (OperationAttentionNetwork, ATTENTION, 391_456),
        (NafNet, NAFNET, 29_159_715),  # published as 29.16 M
        (EdgeGenerator, EDGES, 10_761_089),
        (InpaintGenerator, EDGES, 10_774_595),
        (edge_discriminator, EDGES, 2_762_752),
        (inpaint_discriminator, EDGES, 2_763_776),
    ],
)
def test_the_parameter_count_is_that_of_the_authors_network(
    build: Callable[[Any], nn.Module], config: object, count: int
) -> None:
    assert sum(parameter.numel() for parameter in build(config).parameters()) == count


@pytest.mark.parametrize("norm", list(JudgeNorm))
def test_a_verdict_sees_seventy_pixels_and_256_pixels_have_30_by_30_of_them(norm: JudgeNorm) -> None:
    judge = PatchDiscriminator70(3, 2, norm).eval()
    photo = torch.rand(1, 3, 256, 256, requires_grad=True)
    verdict = judge(photo)[-1]
    assert verdict.shape == (1, 1, 30, 30)
    if norm is not JudgeNorm.SPECTRAL:  # its means look at the whole photo; the patch is what the convolutions see
        for layer in list(judge.layers)[1:4]:
            layer.add_module("1", nn.Identity())
    (gradient,) = torch.autograd.grad(judge(photo)[-1][0, 0, 15, 15], photo)
    seen = gradient.abs().sum(dim=(0, 1)).nonzero()
    assert (seen.amax(dim=0) - seen.amin(dim=0) + 1).tolist() == [70, 70]


@pytest.mark.parametrize(
    "net",
    [
        Pix2PixGenerator(SMALL_PIX2PIX),
        CycleGanGenerator(SMALL_CYCLEGAN),
        OperationAttentionNetwork(OperationAttentionConfig(4, 2, 2)),
        NafNet(SMALL_NAFNET),
    ],
)
def test_a_photo_keeps_its_size(net: nn.Module) -> None:
    assert net(torch.rand(2, 3, 64, 128)).shape == (2, 3, 64, 128)


def test_pix2pix_gives_a_photo_in_range_and_repeats_itself_once_dropout_is_silent() -> None:
    net, photo = Pix2PixGenerator(SMALL_PIX2PIX), torch.rand(1, 3, 64, 64)
    assert not torch.equal(net(photo), net(photo))
    net.eval()
    restored = net(photo)
    assert torch.equal(net(photo), restored)
    assert 0 <= restored.min() <= restored.max() <= 1


def test_pix2pix_has_three_dropouts_at_full_depth_and_forgets_earlier_photos() -> None:
    with torch.device("meta"):
        dropouts = [module for module in Pix2PixGenerator(PIX2PIX).modules() if isinstance(module, nn.Dropout)]
    assert len(dropouts) == 3
    net, photo = Pix2PixGenerator(SMALL_PIX2PIX).eval(), torch.rand(1, 3, 64, 64)
    before = net(photo)
    net.train()(torch.rand(1, 3, 64, 64))
    assert torch.equal(net.eval()(photo), before)


def test_photos_of_one_batch_know_nothing_of_each_other() -> None:
    """Pix2pix learns with the statistics of one photo, as its authors' batches of one do, however large the batch."""
    net, judge = Pix2PixGenerator(SMALL_PIX2PIX).eval(), Pix2PixDiscriminator(SMALL_PIX2PIX)
    degraded, photo = torch.rand(3, 3, 64, 64), torch.rand(3, 3, 64, 64)
    assert_close(net(degraded)[1:2], net(degraded[1:2]))
    assert_close(judge(degraded, photo)[-1][1:2], judge(degraded[1:2], photo[1:2])[-1])


def test_one_photo_is_normalised_as_batch_norm_would_normalise_it() -> None:
    features = torch.rand(1, 8, 6, 6)
    normed = nn.InstanceNorm2d(8, affine=True)(features)
    assert_close(normed, nn.BatchNorm2d(8, track_running_stats=False)(features))


def test_cyclegan_is_the_same_in_training_and_evaluation() -> None:
    net, photo = CycleGanGenerator(SMALL_CYCLEGAN), torch.rand(1, 3, 32, 32)
    assert torch.equal(net.train()(photo), net.eval()(photo))


def test_operation_weights_sum_to_one_and_depend_on_the_photo() -> None:
    group = OperationGroup(width=16, num_layers=4)
    weights = group.weigh(torch.rand(2, 16, 9, 9))
    assert weights.shape == (2, 4, 8)
    assert_close(weights.sum(dim=-1), torch.ones(2, 4))
    assert not torch.equal(weights[0], weights[1])


def test_operation_attention_has_as_many_tensors_as_the_authors_checkpoint() -> None:
    assert len(OperationAttentionNetwork(ATTENTION).state_dict()) == 980


def test_all_forty_layers_of_the_authors_network_weigh_their_operations() -> None:
    net, features = OperationAttentionNetwork(ATTENTION), torch.rand(1, 16, 9, 9)
    weights = torch.cat([group.weigh(features) for group in net.groups], dim=1)  # type: ignore[operator]
    assert weights.shape == (1, 40, 8)
    assert_close(weights.sum(dim=-1), torch.ones(1, 40))


def test_a_tile_is_given_other_operations_than_the_whole_photo() -> None:
    group, features = OperationGroup(width=16, num_layers=4), torch.rand(1, 16, 128, 128)
    features[..., :64, :64] *= 0.1
    whole, tile = group.weigh(features), group.weigh(features[..., :64, :64])
    assert (whole - tile).abs().max() > 1e-3


def test_a_nafnet_block_starts_as_the_identity() -> None:
    features = torch.rand(1, 8, 6, 6)
    assert torch.equal(NafBlock(8)(features), features)


def test_edge_connect_never_looks_into_the_hole() -> None:
    edge_net, paint_net = EdgeGenerator(SMALL_EDGES).eval(), InpaintGenerator(SMALL_EDGES).eval()
    photo, edges, mask = torch.rand(1, 3, 32, 32), torch.rand(1, 1, 32, 32).round(), torch.zeros(1, 1, 32, 32)
    mask[..., 10:20, 5:25] = 1
    scribbled = torch.where(mask.bool(), 7.0, photo)
    assert torch.equal(paint_net(scribbled, edges, mask), paint_net(photo, edges, mask))
    grey = photo.mean(dim=1, keepdim=True)
    assert torch.equal(edge_net(grey + mask, edges + mask, mask), edge_net(grey, edges, mask))


def test_folded_norms_draw_the_same_edges() -> None:
    net, photo = EdgeGenerator(SMALL_EDGES).eval(), torch.rand(1, 3, 16, 24)
    mask = torch.zeros(1, 1, 16, 24)
    with torch.no_grad():
        drawn = net(photo[:, :1], mask, mask)
        torch.testing.assert_close(net.fold_norms()(photo[:, :1], mask, mask), drawn)
    assert not any(parametrize.is_parametrized(module) for module in net.modules())


def test_edge_connect_answers_in_range() -> None:
    photo, mask = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    drawn = EdgeGenerator(SMALL_EDGES)(photo[:, :1], mask, mask)
    painted = InpaintGenerator(SMALL_EDGES)(photo, drawn, mask)
    assert drawn.shape == (1, 1, 32, 32)
    assert painted.shape == (1, 3, 32, 32)
    for answer in (drawn, painted):
        assert 0 <= answer.min() <= answer.max() <= 1


def test_spectral_norm_holds_the_judges_convolutions_at_one() -> None:
    judge = inpaint_discriminator(SMALL_EDGES)
    for _ in range(30):  # each training pass is one power iteration
        judge(torch.rand(1, 3, 32, 32))
    for layer in judge.layers:
        conv = layer if isinstance(layer, nn.Conv2d) else layer.get_submodule("0")
        weight = conv.weight
        assert isinstance(weight, Tensor)
        assert float(torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("net", "side"),
    [(Pix2PixGenerator(SMALL_PIX2PIX), 96), (CycleGanGenerator(SMALL_CYCLEGAN), 30), (NafNet(SMALL_NAFNET), 30)],
)
def test_sizes_a_network_cannot_halve_are_refused(net: nn.Module, side: int) -> None:
    with pytest.raises(ValueError, match="multiples of"):
        net(torch.rand(1, 3, side, 64))
