import pytest

from ops.network_costs import attention_gmac, network_costs
from ops.recipes import PAPER

COUNTED = {  # departures from the published code are explained in docs/architecture.md
    "VAE1 encoder": (436_096 + 8_320, 3.20),
    "VAE1 decoder": (436_035 + 4_160, 3.18),
    "VAE2 encoder": (436_096 + 8_320, 3.20),
    "VAE2 decoder": (436_035 + 4_160, 3.18),
    "latent mapping": (51_344_704 + 14_158_848 + 4_160, 210.3 + 57.98 - 4.29),
    "defect detector": (39_329_921, 42.01),
    "kinds of damage": (119_430, 0.28),  # ours
    "photo discriminator of the VAEs": (5_529_474, 4.60),
    "latent discriminator of VAE1": (2_827_201, 0.36),
    "discriminator of the mapping": (5_535_618, 4.66),
}


def test_paper_costs_what_was_published_and_each_departure() -> None:
    found = {cost.network: cost for cost in network_costs(PAPER)}
    assert {name: cost.parameters for name, cost in found.items()} == {
        name: count for name, (count, _) in COUNTED.items()
    }
    for name, (_, gmac) in COUNTED.items():
        assert found[name].gmac == pytest.approx(gmac, abs=0.06), name


def test_attention_costs_the_published_dense_product_at_most() -> None:
    dense = attention_gmac(PAPER.mapping.network, 256, 1)
    assert dense == pytest.approx(17.2, abs=0.03)
    assert attention_gmac(PAPER.mapping.network, 256, 0.03) < 0.03 * dense
