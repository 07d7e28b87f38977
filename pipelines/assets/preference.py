"""The preference study: what is shown, and what people preferred. `albumen study` hosts the page between the two."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.method_results import MethodResult
from ops.pair_sets import PairSet
from ops.preference.studies import Study
from pipelines.resources import Home, Tracking


@dg.asset(group_name="preference", code_version="1", kinds={"png"})
def preference_study(
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    triplet_translation: MethodResult,
    deep_image_prior: MethodResult,
    bm3d: MethodResult,
    home: Home,
) -> dg.MaterializeResult[Study]:
    """Photos and all methods' results, frozen under names that tell nothing; then run `albumen study` and vote."""
    from ops.method_results import check_test_set
    from ops.preference.report import freeze_study
    from ops.test_set import held_out_pairs

    results = [triplet_translation, bm3d, deep_image_prior]
    check_test_set(results, degraded_pairs.sha256)
    pairs = held_out_pairs(degraded_pairs, defect_detector)
    study = freeze_study(pairs, results, home.studies)
    return dg.MaterializeResult(
        value=study,
        data_version=dg.DataVersion(study.sha256),
        metadata={"photos": len(study.photos), "methods": len(study.methods), "next": "albumen study"},
    )


@dg.asset(group_name="preference", code_version="1", kinds={"sqlite", "markdown"})
def preference(
    context: dg.AssetExecutionContext, preference_study: Study, home: Home, tracking: Tracking
) -> dg.MaterializeResult[int]:
    """The votes so far: how often each method was among the first k, Bradley-Terry strengths, position bias."""
    from ops.preference.ballots import BallotBox
    from ops.preference.report import preference_page

    ballots = BallotBox(home.ballots).ballots(preference_study.sha256)
    page = preference_page(preference_study, ballots)
    page.write(home.results, "preference")
    with tracking.run(context) as log:
        log.scalars(0, {"ballots": len(ballots)})
    return dg.MaterializeResult(
        value=len(ballots),
        metadata={
            "ballots": len(ballots),
            "tables": dg.MetadataValue.md(page.markdown()),
            "report": dg.MetadataValue.path(home.results / "preference.html"),
        },
    )
