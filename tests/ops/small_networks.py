"""Networks of a few weights, wired as in a release; random, so that they change what they are given."""

import math
from pathlib import Path

import torch
from torch import Tensor

from models.age import AgeConfig, AgeReader
from models.blocks import Norm
from models.damage_kinds import DamageKinds, DamageKindsConfig
from models.detector import DefectDetector, DetectorConfig
from models.fidelity_gate import FidelityGate, FidelityGateConfig
from models.inpainter import Inpainter, InpainterConfig
from models.mapping import LatentMapping, MappingConfig
from models.tone import ToneConfig, ToneReader
from models.vae import Vae, VaeConfig
from ops.releases import ReleaseConfig
from ops.restoration import PhotoRestorer
from ops.tensor_files import save_tensors
from ops.tiles import Tiling

VAE = VaeConfig(widths=(4, 6, 8), latent_channels=48, num_blocks=1, norm=Norm.NONE, has_pixel_shortcut=True)
CONFIG = ReleaseConfig(
    degraded_vae=VAE,
    clean_vae=VAE,
    mapping=MappingConfig(48, (8,), 1, 1, 1, 4, Norm.NONE, has_first_fill=True),
    gate=FidelityGateConfig(4),
    detector=DetectorConfig((4, 6)),
    threshold=0.5,
    tiling=Tiling(tile_px=64, halo_px=64),
    kinds=DamageKindsConfig(("scratch", "loss"), width=4),
    inpainter=InpainterConfig(widths=(4, 6), num_blocks=1),
    margin_px=2,
)


TONE = ToneConfig(bins=8, thumbnail_px=4, width=8)
AGE = AgeConfig(widths=(4, 6, 8), hidden=8)


def constant_age(prob: float) -> AgeReader:
    """An age reader that takes every photo for aged with the probability ``prob``."""
    reader = AgeReader(AGE)
    torch.nn.init.zeros_(reader.decide[-1].weight)
    torch.nn.init.constant_(reader.decide[-1].bias, math.log(prob / (1 - prob)))
    return reader.eval()


def sure_reader() -> ToneReader:
    """A random tone reader that bends every photo and is sure of it."""
    reader = ToneReader(TONE)
    torch.nn.init.normal_(reader.head.weight, std=0.5)
    torch.nn.init.normal_(reader.head.bias[:-1], std=0.5)
    torch.nn.init.constant_(reader.head.bias[-1:], 20.0)
    return reader.eval()


def small_weights(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files of untrained networks whose every weight is random, also those that start silent."""
    networks = {
        "degraded_vae": Vae(CONFIG.degraded_vae),
        "clean_vae": Vae(CONFIG.clean_vae),
        "mapping": LatentMapping(CONFIG.mapping),
        "gate": FidelityGate(CONFIG.gate) if CONFIG.gate else None,
        "detector": DefectDetector(CONFIG.detector),
        "inpainter": Inpainter(CONFIG.inpainter) if CONFIG.inpainter else None,
        "damage_kinds": DamageKinds(CONFIG.kinds, CONFIG.detector) if CONFIG.kinds else None,
    }
    weights = {}
    for name, network in networks.items():
        assert network is not None
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        save_tensors(folder / f"{name}.safetensors", network.state_dict())
        weights[name] = (folder / f"{name}.safetensors", "")
    return weights


@torch.inference_mode()
def make_find_two_kinds(restorer: PhotoRestorer, photo: Tensor) -> None:
    """Let ``restorer`` mark half of ``photo``, and take half of that for each of its two kinds."""
    finder = restorer.find_defects
    assert finder.kinds is not None
    for network in (finder.detector, finder.kinds):
        for module in network.modules():
            if isinstance(module, torch.nn.Conv2d | torch.nn.BatchNorm2d):
                module.reset_parameters()
    found = finder.detector(photo)
    finder.detector.recalibrate(1 / float(found.std()), -float(found.median() / found.std()))
    finder.threshold = 0.5
    logits = finder.kinds(finder.detector.features(photo))
    assert finder.kinds.head.bias is not None
    finder.kinds.head.bias[0] -= (logits[:, 0] - logits[:, 1]).median()
