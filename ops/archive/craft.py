"""How photos are restored, the same for every photo of a release: what every step of an archive run is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from ops.archive.copies import Copies
from ops.archive.provenance import ReleaseIdentity
from ops.archive.review_rules import ReviewRules
from ops.decoding import Decode
from ops.restoration import Restoration


@dataclass(frozen=True)
class Craft:
    """What decides how a photo is restored, and what is written of it.

    Attributes:
        restore: old photo (1, 3, H, W) in [0, 1] -> `Restoration` of the same size.
        release: the model behind it.
        recipe: everything beside the release that decides a result; see `ops.archive.recipe`.
        decode: how strangers' files become photos; see `ops.decoding`.
        rules: which results wait for a person.
        software: name -> version of what had a part in it.
        sign: adds content credentials to an encoded file, given its container; None without a certificate.
        copies: what is written beside the results; None for nothing. Decides no result, so it is not in the recipe.
    """

    restore: Callable[[Tensor], Restoration]
    release: ReleaseIdentity
    recipe: str
    decode: Decode
    rules: ReviewRules
    software: Mapping[str, str]
    sign: Callable[[bytes, str], bytes] | None = None
    copies: Copies | None = None
