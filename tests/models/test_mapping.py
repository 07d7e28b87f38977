import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models.blocks import Norm
from models.mapping import (
    MAX_SOURCES,
    LatentMapping,
    MappingConfig,
    PartialNonlocalBlock,
    Sources,
    choose_sources,
    mask_to_latent,
    source_stride,
)

PUBLISHED = MappingConfig(
    latent_channels=64,
    widths=(128, 256, 512, 512),
    num_local_blocks=0,
    num_global_blocks=3,
    num_shared_blocks=6,
    attention_channels=512,
    norm=Norm.INSTANCE,
)


def naive(block: PartialNonlocalBlock, features: Tensor, mask: Tensor) -> Tensor:
    """The equation as it stands in the paper in float64, with every weight of the N x N matrix written out."""
    block, features, mask = block.double(), features.double(), mask.double()
    q, k, v = (p(features).flatten(2).mT for p in (block.query, block.key, block.value))
    trust = 1 - mask.flatten(1)
    if not (trust > 0).any():
        trust = torch.ones_like(trust)
    weights = (q @ k.mT).exp() * trust[:, None, :]
    weights = weights / weights.sum(-1, keepdim=True)
    return block.out((weights @ v).mT.unflatten(2, features.shape[-2:])) * (mask > 0)


def test_attention_equals_the_equation_for_soft_masks() -> None:
    block, features = PartialNonlocalBlock(6, 4), torch.randn(3, 6, 7, 5)
    mask = (torch.rand(3, 1, 7, 5) * 3 - 1).clamp(0, 1)
    assert {0.0, 1.0} < set(mask.flatten().tolist())
    read = block(features, mask)
    assert_close(read.double(), naive(block, features, mask), atol=2e-6, rtol=0)


def test_attention_equals_the_equation_when_everything_is_damaged() -> None:
    block, features, mask = PartialNonlocalBlock(6, 4), torch.randn(1, 6, 4, 4), torch.ones(1, 1, 4, 4)
    read = block(features, mask)
    assert_close(read.double(), naive(block, features, mask), atol=2e-6, rtol=0)


def test_damaged_cells_are_never_a_source() -> None:
    block, features, mask = PartialNonlocalBlock(8, 8), torch.randn(1, 8, 6, 6), torch.zeros(1, 1, 6, 6)
    mask[..., 2:4, 2:4] = 1
    mask[..., 5, 5] = 0.3
    scribbled = torch.where((mask == 1).expand_as(features), 100 * torch.randn_like(features), features)
    asking_intact = (mask > 0) & (mask < 1)
    before, after = (block(f, mask) for f in (features, scribbled))
    assert_close(before[asking_intact.expand_as(before)], after[asking_intact.expand_as(after)])


def test_no_matrix_of_cells_by_cells_is_ever_made() -> None:
    block = PartialNonlocalBlock(4, 24)
    features, mask = torch.randn(1, 4, 64, 64), torch.zeros(1, 1, 64, 64)
    mask[..., :32, :] = 0.5
    with torch.inference_mode(), torch.profiler.profile(profile_memory=True) as profile:
        block(features, mask)
    largest = max(event.cpu_memory_usage for event in profile.events())
    assert largest < 4 * 2048 * 4096 / 8, f"{largest} bytes at once for 2,048 x 4,096 pairs of cells"


@pytest.mark.parametrize(("height", "width"), [(128, 128), (129, 128), (1, 20_000), (1600, 1200), (3000, 2500), (2, 3)])
def test_a_photo_of_any_size_offers_a_bounded_even_choice(height: int, width: int) -> None:
    stride = source_stride(height, width)
    cells = choose_sources(torch.zeros(height, width))
    assert MAX_SOURCES / 4.5 < cells.sum() <= MAX_SOURCES or stride == 1
    assert cells.sum() == -(-height // stride) * -(-width // stride)
    assert stride == 1 or height * width > MAX_SOURCES


def test_every_block_of_cells_sends_its_most_intact_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.mapping.MAX_SOURCES", 4)
    mask = torch.ones(4, 4)
    mask[1, 0] = mask[3, 3] = 0
    mask[0, 1] = mask[2, 3] = mask[3, 1] = 0.5
    assert choose_sources(mask).flatten().nonzero()[:, 0].tolist() == [4, 13, 15]
    assert choose_sources(torch.ones(4, 4)).sum() == 4


def test_what_tiles_offer_is_read_as_if_the_photo_were_whole() -> None:
    block, features, mask = PartialNonlocalBlock(6, 4), torch.randn(6, 8, 10), torch.rand(1, 8, 10) * 2 - 1
    mask = mask.clamp(0, 1)
    left, right = (
        block.offer(features[..., part], mask[0, :, part], torch.ones(8, 5).bool()) for part in (slice(5), slice(5, 10))
    )
    tile = block(features[None, :, 2:6], mask[None, :, 2:6], [Sources.join([right, left])])
    assert_close(tile, block(features[None], mask[None])[:, :, 2:6])


def test_without_damage_the_block_is_silent() -> None:
    block = PartialNonlocalBlock(8, 8)
    assert not block(torch.randn(1, 8, 4, 4), torch.zeros(1, 1, 4, 4)).any()


def test_the_published_mapping_has_its_published_number_of_weights() -> None:
    carry = 64 * 64 + 64
    assert sum(p.numel() for p in LatentMapping(PUBLISHED).parameters()) == 51_344_704 + carry


def test_an_untrained_mapping_passes_the_latent_on() -> None:
    mapping = LatentMapping(MappingConfig(8, (12,), 1, 1, 1, 4, Norm.NONE))
    latent, mask = torch.randn(2, 8, 6, 6), torch.rand(2, 1, 6, 6)
    assert_close(mapping(latent, mask), latent)


def test_without_the_nonlocal_block_damaged_cells_do_not_hear_far_ones() -> None:
    config = MappingConfig(8, (12,), 1, 1, 1, 4, Norm.NONE, has_nonlocal=False)
    block = LatentMapping(config).nonlocal_block
    assert not block(torch.randn(1, 12, 6, 6), torch.ones(1, 1, 6, 6)).any()
    assert not any(parameter.requires_grad for parameter in block.out.parameters())


def test_a_hard_mask_counts_any_damage_in_full() -> None:
    mapping = LatentMapping(MappingConfig(8, (12,), 1, 1, 1, 4, Norm.NONE, has_soft_mask=False))
    for parameter in mapping.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    latent, mask = torch.randn(1, 8, 6, 6), torch.zeros(1, 1, 6, 6)
    mask[..., 2, :] = 0.1
    assert_close(mapping(latent, mask), mapping(latent, mask.ceil()))


def test_a_line_one_pixel_wide_reaches_the_latent_mask_wherever_it_runs() -> None:
    for row in range(8):
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., row, :] = 1
        assert mask_to_latent(mask, 4)[0, 0, row // 4].eq(1).all()
