from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from ops.degradation.degrade import degrade
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.inpainting.marked_windows import MarkedWindows, _marked, marked_validation
from ops.pairs.sets import PairSet
from ops.pairs.shards import StoredPair, write_shard
from ops.pairs.windows import FreshWindows, WindowShares
from ops.parts import Part
from tests.ops.pairs.test_building import corpus


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def source(folder: Path) -> MarkedWindows:
    shares = WindowShares(clean=0.0, larger=0.5, varied=0.3)
    return MarkedWindows(FreshWindows(corpus(folder).train, (), STANDARD_DEGRADATION, shares, seed=3), most_marks=3)


def test_a_batch_depends_on_its_step_alone(tmp_path: Path) -> None:
    windows = source(tmp_path)
    late, early = windows.batch(7, 4, 32), windows.batch(6, 4, 32)
    assert late.photo.shape == late.undamaged.shape == (4, 3, 32, 32)
    assert late.mask.shape == (4, 1, 32, 32)
    again = windows.batch(7, 4, 32)
    assert torch.equal(late.photo, again.photo)
    assert torch.equal(late.mask, again.mask)
    assert not torch.equal(late.photo, early.photo)


def test_the_photos_of_a_part_are_the_rows_of_the_whole_batch(tmp_path: Path) -> None:
    windows, part = source(tmp_path), Part(1, 2)
    whole, one = windows.batch(2, 4, 32), windows.batch(2, 4, 32, part)
    assert torch.equal(one.undamaged, part.of(whole.undamaged))


def test_half_of_a_batch_is_marked_where_nothing_is_the_other_where_it_is_damaged() -> None:
    undamaged, damaged = torch.rand(8, 3, 24, 24), torch.zeros(8, 1, 24, 24)
    damaged[:, :, 5, 3:20] = 1
    photo = torch.where(damaged > 0, 1.0, undamaged)
    for seed in range(12):
        batch = _marked(photo, undamaged, damaged, 3, generator(seed))
        assert torch.equal(batch.photo[:4], undamaged[:4])
        assert torch.equal(batch.photo[4:], photo[4:])
        assert torch.equal(batch.undamaged, undamaged)
        assert set(batch.mask.unique().tolist()) == {0, 1}
        assert all(mark.any() for mark in batch.mask)
        own = [torch.equal(batch.mask[4:], F.max_pool2d(damaged[4:], 2 * px + 1, 1, px)) for px in (1, 2)]
        assert sum(own) == 1


@pytest.fixture
def pairs(tmp_path: Path) -> PairSet:
    """Damaged photos of a soft gradient."""
    source, stored = torch.linspace(0.3, 0.7, 64).expand(1, 3, 64, 64).contiguous(), []
    for seed in range(12):
        pair = degrade(source, STANDARD_DEGRADATION, generator(seed))
        stored.append(StoredPair(f"validation-{seed:05d}", "a photo", "5ha", seed, source, pair))
    write_shard(tmp_path / "validation-00000.parquet", stored, STANDARD_DEGRADATION.version)
    return PairSet(tmp_path, STANDARD_DEGRADATION.version, 0, 12, 0, 0, 64, 0.1, "")


def test_validation_pairs_are_shown_with_all_their_visible_damage(pairs: PairSet) -> None:
    shown = marked_validation(pairs, count=3)
    assert len(shown.photo) == 3
    assert all(mark.any() for mark in shown.mask)
    change = (shown.photo - shown.undamaged).abs().amax(dim=1, keepdim=True)
    assert change[shown.mask > 0].mean() > 5 * change[shown.mask == 0].mean()


def test_a_set_without_visible_damage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no validation pair with damage that can be seen"):
        marked_validation(PairSet(tmp_path, STANDARD_DEGRADATION.version, 0, 0, 0, 0, 64, 0.1, ""))
