"""The pool of earlier fakes on which CycleGAN's discriminators learn beside the newest ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

POOL_SIZE = 50  # the authors'


class ImagePool(nn.Module):
    """Keeps ``POOL_SIZE`` photos of ``crop_px``; a full pool hands out an old one in half of the cases.

    So the discriminator does not forget what it already saw through (Shrivastava et al., CVPR 2017, section 2.3; Zhu et
    al., ICCV 2017, section 4). The photos are buffers: a resumed training finds its pool again.
    """

    def __init__(self, crop_px: int) -> None:
        super().__init__()
        self.photos: Tensor
        self.count: Tensor
        self.register_buffer("photos", torch.zeros(POOL_SIZE, 3, crop_px, crop_px))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def exchange(self, fakes: Tensor, generator: torch.Generator) -> Tensor:
        """Take in ``fakes`` (N, 3, crop_px, crop_px), detached, and give as many, each new or an earlier one."""
        given = []
        for fake in fakes:
            count = int(self.count)
            if count < POOL_SIZE:
                self.photos[count] = fake
                self.count += 1
                given.append(fake)
                continue
            draw = torch.rand(2, generator=generator, device=generator.device)
            place = int(draw[0] * POOL_SIZE)
            if draw[1] < 0.5:
                given.append(fake)
            else:
                given.append(self.photos[place].clone())
                self.photos[place] = fake
        return torch.stack(given)
