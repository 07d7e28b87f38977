"""Parameters and multiply-adds of every network per recipe, as the tables of docs/architecture.md.

Run as ``python -m benchmarks.networks``; nothing is timed, so the answer is the same everywhere.
"""

from __future__ import annotations

from ops.network_costs import attention_gmac, network_costs
from ops.recipes import PAPER, SMOKE, STANDARD, Recipe

SIDE_PX = 256


def main() -> None:
    """Print one table a recipe."""
    for recipe in (PAPER, STANDARD, SMOKE):
        print(_table(recipe))


def _table(recipe: Recipe) -> str:
    rows = [f"| {cost.network} | {cost.parameters:,} | {cost.gmac:.2f} |" for cost in network_costs(recipe, SIDE_PX)]
    dense, sparse = (attention_gmac(recipe.mapping.network, SIDE_PX, share) for share in (1, 0.03))
    return "\n".join(
        [
            f"### {recipe.name}",
            "",
            f"| network | parameters | GMAC at {SIDE_PX} x {SIDE_PX} |",
            "|---|---:|---:|",
            *rows,
            f"| attention of the mapping, everything damaged | | {dense:.2f} |",
            f"| attention of the mapping, 3 % damaged | | {sparse:.2f} |",
            "",
        ]
    )


if __name__ == "__main__":
    main()
