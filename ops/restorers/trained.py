"""A trained baseline as a restorer again, from the checkpoints that its result remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.restorers.sequential import Sequential
from ops.stages.edge_connect import load_edge_connect
from ops.stages.supervised import load_nafnet, load_operation_attention
from ops.stages.translation import load_cyclegan, load_pix2pix

if TYPE_CHECKING:
    from ops.restorers.bm3d import BlindBm3d
    from ops.restorers.restorer import Restorer
    from ops.scores.method_results import MethodResult


def trained_restorer(result: MethodResult, denoise: BlindBm3d) -> Restorer:
    """The method of ``result``, ready to restore; ``denoise`` is what Sequential does before it paints.

    Raises:
        ValueError: its record has no checkpoints, or those of no baseline.
    """
    match [checkpoint.stage for checkpoint in result.training]:
        case ["pix2pix"]:
            return load_pix2pix(result.training[0])
        case ["cyclegan"]:
            return load_cyclegan(result.training[0])
        case ["operation_attention"]:
            return load_operation_attention(result.training[0])
        case ["nafnet"]:
            return load_nafnet(result.training[0])
        case ["edge_model", "edge_connect"]:
            return Sequential(denoise, load_edge_connect(*result.training))
        case stages:
            raise ValueError(
                f"the record of {result.method} holds the checkpoints {stages or 'of no network'}, which are not those "
                "of a trained baseline; materialize it again"
            )
