"""How good a restored photo is: one definition of every number, for every table.

``fidelity`` compares with the truth, ``models/lpips.py`` as eyes would, ``distributions`` compares sets of photos,
``naturalness`` names what needs no truth. What needs network weights says so when they are missing (``weights``), and
no other number ever appears under its name.
"""

from ops.metrics.fidelity import psnr, roc_auc, saved_levels, ssim

__all__ = ["psnr", "roc_auc", "saved_levels", "ssim"]
