"""What eyes say: preference studies and their votes, and old photos whose truth nobody knows.

`albumen study` hosts the page between a study and its votes; the study that was frozen last is the one that it shows.
"""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from ops.preference.studies import Study
from ops.scores.method_results import MethodResult
from pipelines.resources import Home, Tracking
from pipelines.run_config import RunScale

if TYPE_CHECKING:
    from ops.restorers.restorer import Restorer


class OldPhotoRun(RunScale):
    """Launch form: the scale, and how many old photos are restored by every method."""

    num_photos: int = Field(default=25, gt=0, description="The first so many; the report's user study had 25.")


@dg.asset(group_name="preference", code_version="2", kinds={"png"})
def preference_study(
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    triplet_translation: MethodResult,
    deep_image_prior: MethodResult,
    bm3d: MethodResult,
    telea: MethodResult,
    unmasked_deep_image_prior: MethodResult | None,
    stopped_deep_image_prior: MethodResult | None,
    sequential: MethodResult | None,
    pix2pix: MethodResult | None,
    cyclegan: MethodResult | None,
    operation_attention: MethodResult | None,
    nafnet: MethodResult | None,
    home: Home,
) -> dg.MaterializeResult[Study]:
    """Photos and the results of every method that was run, under names that tell nothing; then `albumen study`."""
    from ops.preference.report import freeze_study
    from ops.scores.held_out import held_out

    rivals = [unmasked_deep_image_prior, stopped_deep_image_prior, sequential]
    rivals += [pix2pix, cyclegan, operation_attention, nafnet]
    test_set, results = held_out(degraded_pairs, defect_detector), [triplet_translation, bm3d, telea, deep_image_prior]
    study = freeze_study(test_set, results, home.studies, rivals)
    return dg.MaterializeResult(
        value=study,
        data_version=dg.DataVersion(study.sha256),
        metadata={"photos": len(study.photos), "methods": ", ".join(study.methods), "next": "albumen study"},
    )


@dg.asset(group_name="preference", code_version="3", kinds={"pytorch", "markdown"})
def old_photo_scores(
    context: dg.AssetExecutionContext,
    config: OldPhotoRun,
    old_photos: Corpus,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    tone_reader: Checkpoint | None,
    defect_detector: Checkpoint,
    sequential: MethodResult | None,
    pix2pix: MethodResult | None,
    cyclegan: MethodResult | None,
    operation_attention: MethodResult | None,
    nafnet: MethodResult | None,
    home: Home,
    tracking: Tracking,
) -> dg.MaterializeResult[int]:
    """All methods on real old photos (ALBUMEN_OLD_PHOTOS): metrics without truth, before and after, and a study.

    Rivals that were trained (job ``train_baselines``) take part.
    """
    from ops.pictures import markdown_picture
    from ops.restorers.telea import Telea
    from ops.restorers.trained import trained_restorer
    from ops.restorers.triplet import TripletRestorer
    from ops.scores.held_out import defect_finder, held_out
    from ops.scores.old_photo_report import report_old_photos
    from ops.trained_networks import trained_networks, trained_tone

    recipe = config.recipe
    networks = trained_networks(recipe, degraded_vae, clean_vae, inpainter, latent_mapping, defect_detector)
    ours = TripletRestorer(networks.triplet, trained_tone(recipe, tone_reader))
    restorers: dict[str, Restorer] = {
        "ours": ours,
        "BM3D": recipe.bm3d,
        "Telea inpainting": Telea(),
        "deep image prior": recipe.deep_image_prior,
    }
    for rival in (sequential, pix2pix, cyclegan, operation_attention, nafnet):
        if rival is not None:
            restorers[rival.method] = trained_restorer(rival, recipe.bm3d)
    report = report_old_photos(
        old_photos.photos[: config.num_photos],
        restorers,
        held_out(degraded_pairs, defect_detector).pairs,
        defect_finder(defect_detector),
        home.results,
        home.studies,
        context.log.info,
    )
    with tracking.run(context) as log:
        for figure in report.page.figures:
            log.picture(figure.name, figure.png)
    return dg.MaterializeResult(
        value=report.num_photos,
        metadata={
            "photos": report.num_photos,
            "tables": dg.MetadataValue.md(report.page.markdown()),
            "before and after": dg.MetadataValue.md(markdown_picture(report.sheet, "before and after")),
            "report": dg.MetadataValue.path(home.results / "old_photos.html"),
        },
    )


@dg.asset(
    group_name="preference",
    deps=[preference_study, old_photo_scores],
    code_version="1",
    kinds={"sqlite", "markdown"},
)
def preference(context: dg.AssetExecutionContext, home: Home, tracking: Tracking) -> dg.MaterializeResult[int]:
    """Votes on the study frozen last: how often a method was among the first k, Bradley-Terry strengths, and bias."""
    from ops.preference.ballots import BallotBox
    from ops.preference.report import preference_page
    from ops.preference.studies import newest_study

    study = newest_study(home.studies)
    ballots = BallotBox(home.ballots).ballots(study.sha256)
    page = preference_page(study, ballots)
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
