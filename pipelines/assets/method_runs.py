"""One method on the held-out pairs, as the result of its asset: the same for ours and for every baseline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.pairs.sets import PairSet
from ops.scores.method_results import MethodResult
from pipelines.assets.training import described
from pipelines.resources import Home

if TYPE_CHECKING:
    from torch import nn

    from ops.restorers.restorer import Restorer

AFTER_TRAINING = {"dagster/priority": "-1"}  # the networks that ours needs come first; baselines wait for a free core


def scored(
    context: dg.AssetExecutionContext,
    method: str,
    restorer: "Restorer",
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
    network: "nn.Module | None" = None,
    training: Sequence[Checkpoint] = (),
) -> dg.MaterializeResult[MethodResult]:
    """``restorer`` under the name ``method`` on every pair, given the detected masks.

    ``network`` holds what was trained and ``training`` tells how; what is to be seen of the last one is shown too.
    """
    from ops.scores.held_out import held_out
    from ops.scores.method_results import run_method

    test_set = held_out(degraded_pairs, defect_detector)
    result = run_method(method, restorer, test_set, home.results, context.log.info, network, training)
    shown = dict(described(training[-1]).metadata or {}) if training else {}
    shown |= {"file": dg.MetadataValue.path(result.path), "test set": result.test_set[:12]}
    return dg.MaterializeResult(value=result, metadata=shown)
