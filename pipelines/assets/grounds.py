"""What every training on pairs stands on: where its pairs come from, what it is shown on, what decides its result."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet, SharedCrops
from pipelines.resources import Compute
from pipelines.run_config import RunScale

if TYPE_CHECKING:
    from ops.pairs.sources import PairBatch, PairSource
    from ops.pairs.windows import FreshWindows, WindowShares


@dataclass(frozen=True)
class PairGrounds:
    """The same for ours and for every baseline: ``source`` of the pairs, a few ``shown`` ones, the ``facts``."""

    source: "PairSource"
    shown: "PairBatch"
    facts: dict[str, str]


def pair_grounds(
    config: RunScale, clean_photos: Corpus, textures: Corpus, degraded_pairs: PairSet, compute: Compute
) -> PairGrounds:
    """The grounds of a training at this scale on this device, where pairs may age differently."""
    from ops.pairs.sources import training_pairs, validation_sample

    source = training_pairs(degraded_pairs, clean_photos, textures, config.recipe.dataset, compute.device)
    facts = pair_training_facts(config, degraded_pairs, compute)
    return PairGrounds(source, validation_sample(degraded_pairs), facts)


@dataclass(frozen=True)
class WindowGrounds:
    """The same for what learns from windows of any size: the ``windows``, a few ``shown`` pairs, the ``facts``."""

    windows: "FreshWindows"
    shown: "PairBatch"
    facts: dict[str, str]


def window_grounds(
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    compute: Compute,
    shares: "WindowShares",
) -> WindowGrounds:
    """The grounds of a training on windows of ``shares`` at this scale on this device."""
    from ops.pairs.sources import validation_sample
    from ops.pairs.windows import fresh_windows

    windows = fresh_windows(clean_photos, textures, config.recipe.dataset, shares, compute.device)
    return WindowGrounds(
        windows, validation_sample(degraded_pairs), fresh_training_facts(config, degraded_pairs, compute)
    )


def baseline_grounds(
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    compute: Compute,
) -> PairGrounds:
    """The grounds of a baseline: those of ours, or at scales that share them the crops that were made of them."""
    from ops.pairs.shared_crops import SharedCropSource

    grounds = pair_grounds(config, clean_photos, textures, degraded_pairs, compute)
    if not config.baselines.shares_crops:
        return grounds
    source = SharedCropSource.of(shared_crops, grounds.facts)
    return replace(grounds, source=source, facts={**grounds.facts, "crops": source.crops.folder.name})


def training_facts(config: RunScale, pairs: PairSet) -> dict[str, str]:
    """What every training depends on beside its own recipe."""
    return {
        "scale": config.scale.value,
        "pairs": pairs.sha256,
        "degradation": pairs.recipe_version,
        "folder": pairs.folder.name,
    }


def pair_training_facts(config: RunScale, pairs: PairSet, compute: Compute) -> dict[str, str]:
    """``training_facts`` of a training that sees pairs, frozen ones or fresh ones, as its recipe says."""
    is_fresh = config.recipe.dataset.trains_fresh
    return fresh_training_facts(config, pairs, compute) if is_fresh else training_facts(config, pairs)


def fresh_training_facts(config: RunScale, pairs: PairSet, compute: Compute) -> dict[str, str]:
    """``training_facts`` of a training that damages photos anew, which then age otherwise on other devices."""
    from ops.pairs.fresh_crops import ageing_facts

    return {**training_facts(config, pairs), **ageing_facts(compute.device)}
