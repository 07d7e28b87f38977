"""What is measured on the saved pictures of all methods together: LPIPS, NIQE, BRISQUE, and distances of whole sets.

Fidelity (PSNR, SSIM) is measured where a method runs; these come afterwards, so that weights which arrive later do not
make every method run again. A metric that cannot be computed is named with its cure and has no numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from models.lpips import Lpips, Trunk
from ops.metrics import saved_levels
from ops.metrics.distributions import frechet_distance, kernel_distance, kernel_distance_interval
from ops.metrics.naturalness import WITHOUT_TRUTH, WithoutTruth
from ops.metrics.weights import WeightsMissingError, load_inception, load_lpips
from ops.scores.evaluation import INPUT, EvaluationPair

LEAST_LPIPS_PX = 32  # below, the trunks have no cells left
RELU4_3 = 3  # the tapped layer of VGG16 whose means over the photo are its features in sets


@dataclass(frozen=True)
class PictureScores:
    """What the pictures say.

    Attributes:
        photos: one row per photo and method, with the columns lpips_alex, lpips_vgg16, niqe and brisque as far as
            available.
        sets: one row per method (its index): photos, and kid_vgg16 with _low and _high, fd_vgg16, fid as available.
        missing: metric -> why it is not available, and what to do.
    """

    photos: pd.DataFrame
    sets: pd.DataFrame
    missing: Mapping[str, str]


@torch.inference_mode()
def picture_scores(
    pairs: Sequence[EvaluationPair],
    pictures: Mapping[tuple[str, str], Tensor],
    methods: Sequence[str],
    progress: Callable[[str], None] = lambda line: None,
    inception_file: Path | None = None,
) -> PictureScores:
    """Measure the pictures (1, 3, H, W) of ``methods`` by (photo, method), and the untouched input beside them.

    A picture that is not there belongs to a cell that failed and is left out; a set is measured against the clean
    photos of the pictures that it has. ``inception_file`` is the published network of FID, which the user brings.
    """
    missing: dict[str, str] = {}
    trunks = {name: network for name, trunk in _TRUNKS.items() if (network := _loaded(trunk, name, pairs, missing))}
    inception = _inception(inception_file, missing)
    rows: list[dict[str, object]] = []
    features: dict[str, dict[str, list[Tensor]]] = {}
    for number, pair in enumerate(pairs, start=1):
        truth = {name: network.features(_as_saved(pair.clean)) for name, network in trunks.items()}
        clean_sets = _set_features(truth, pair.clean, inception)
        for method in (INPUT, *methods):
            picture = pair.degraded if method == INPUT else pictures.get((pair.name, method))
            if picture is None:
                continue
            seen = {name: network.features(_as_saved(picture)) for name, network in trunks.items()}
            distances = {name: float(trunks[name].distance(seen[name], truth[name])) for name in trunks}
            natural = {metric.name: _without_truth(metric, picture, missing) for metric in WITHOUT_TRUTH}
            rows.append({"photo": pair.name, "method": method, **distances, **natural})
            for metric, vector in _set_features(seen, picture, inception).items():
                kept = features.setdefault(method, {}).setdefault(metric, [])
                kept.append(torch.stack([vector, clean_sets[metric]]))
        progress(f"pictures of {pair.name} measured, {number} of {len(pairs)}")
    return PictureScores(pd.DataFrame(rows), _set_scores(features), missing)


_TRUNKS = {"lpips_alex": Trunk.ALEX, "lpips_vgg16": Trunk.VGG16}


def _loaded(trunk: Trunk, name: str, pairs: Sequence[EvaluationPair], missing: dict[str, str]) -> Lpips | None:
    names = [name, "kid_vgg16", "fd_vgg16"] if trunk is Trunk.VGG16 else [name]
    smallest = min(min(pair.clean.shape[-2:]) for pair in pairs)
    if smallest < LEAST_LPIPS_PX:
        missing |= dict.fromkeys(names, f"needs photos of {LEAST_LPIPS_PX} px, the smallest here has {smallest} px")
        return None
    try:
        return load_lpips(trunk)
    except WeightsMissingError as error:
        missing |= dict.fromkeys(names, str(error))
        return None


def _inception(path: Path | None, missing: dict[str, str]) -> torch.nn.Module | None:
    try:
        return load_inception(path)
    except WeightsMissingError as error:
        missing["fid"] = str(error)
        return None


def _without_truth(metric: WithoutTruth, picture: Tensor, missing: dict[str, str]) -> float:
    smallest = min(picture.shape[-2:])
    if smallest < metric.least_px:
        missing[metric.name] = f"needs photos of {metric.least_px} px each way, there are some of {smallest} px"
    return metric.or_nan(picture)


def _set_features(
    layers: Mapping[str, list[Tensor]], photo: Tensor, inception: torch.nn.Module | None
) -> dict[str, Tensor]:
    """One vector (d,) of a photo for each network that compares sets."""
    found = {}
    if "lpips_vgg16" in layers:
        found["vgg16"] = layers["lpips_vgg16"][RELU4_3].mean(dim=(2, 3))[0]
    if inception is not None:
        found["inception"] = inception(saved_levels(photo), return_features=True)[0]
    return found


def _set_scores(features: Mapping[str, Mapping[str, Sequence[Tensor]]]) -> pd.DataFrame:
    rows = []
    for method, kinds in features.items():
        row: dict[str, object] = {"method": method}
        for kind, stacked in kinds.items():
            row["photos"] = len(stacked)
            if len(stacked) < 2:
                continue
            ours, clean = torch.stack(list(stacked)).unbind(dim=1)
            if kind == "inception":
                row["fid"] = frechet_distance(ours, clean)
                continue
            interval = kernel_distance_interval(ours, clean, torch.Generator().manual_seed(0))
            row |= dict(zip(("kid_vgg16_low", "kid_vgg16_high"), interval, strict=True))
            row |= {"kid_vgg16": kernel_distance(ours, clean), "fd_vgg16": frechet_distance(ours, clean)}
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else ["method"]).set_index("method")


def _as_saved(photo: Tensor) -> Tensor:
    return saved_levels(photo).float() / 255
