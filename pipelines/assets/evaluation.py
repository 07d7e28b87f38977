"""Scores of every method on one test set, and the model that they allow to be released."""

from dataclasses import replace

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.faces.verdict import JudgedFaces
from ops.pairs.sets import PairSet
from ops.scores.method_results import MethodResult
from pipelines.assets.method_runs import scored
from pipelines.resources import Home, MetricWeights, Tracking
from pipelines.run_config import RunScale


@dg.asset(group_name="evaluation", code_version="3", kinds={"pytorch"})
def triplet_translation(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    tone_reader: Checkpoint | None,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Ours on the held-out pairs, with the detected masks: the tone taken back, then the damage."""
    from torch import nn

    from ops.restorers.triplet import TripletRestorer
    from ops.trained_networks import trained_networks, trained_tone

    trained = (degraded_vae, clean_vae, inpainter, latent_mapping, defect_detector)
    ours = trained_networks(config.recipe, *trained).triplet
    tone = trained_tone(config.recipe, tone_reader)
    networks = ours if tone is None else nn.ModuleList([ours, tone.reader])
    training = [one for one in (degraded_vae, clean_vae, tone_reader, inpainter, latent_mapping) if one is not None]
    restorer = TripletRestorer(ours, tone)
    return scored(context, "ours", restorer, degraded_pairs, defect_detector, home, networks, training)


@dg.asset(group_name="evaluation", code_version="1", kinds={"markdown"})
def worth_filling(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    defect_detector: Checkpoint,
    tracking: Tracking,
) -> dg.MaterializeResult[str]:
    """From how much damage on a pixel is better filled than left, by ours and by inpainting; its true place given."""
    from ops.corpora.records import HELD_OUT, VALIDATION
    from ops.restorers.restorer import Restorer
    from ops.restorers.telea import Telea
    from ops.restorers.triplet import TripletRestorer
    from ops.scores.worth_filling import filling_errors, filling_table
    from ops.trained_networks import trained_networks

    trained = (degraded_vae, clean_vae, inpainter, latent_mapping, defect_detector)
    ours = trained_networks(config.recipe, *trained).triplet
    restorers: dict[str, Restorer] = {"ours": TripletRestorer(ours), "Telea inpainting": Telea()}
    errors = filling_errors(degraded_pairs, [HELD_OUT, VALIDATION], restorers)
    table = filling_table(errors, list(restorers))
    with tracking.run(context) as log:
        for one in errors:
            log.scalars(round(255 * one.lower), {"left": one.levels()} | {name: one.levels(name) for name in restorers})
    return dg.MaterializeResult(value=table, metadata={"table": dg.MetadataValue.md(table)})


@dg.asset(group_name="evaluation", code_version="4", kinds={"markdown"})
def scores(
    context: dg.AssetExecutionContext,
    degraded_pairs: PairSet,
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
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    metric_weights: MetricWeights,
) -> dg.MaterializeResult[dict[str, float]]:
    """Every metric of the input, ours and each baseline that was run, on the same held-out pairs, with intervals."""
    from ops.pictures import markdown_picture
    from ops.scores.held_out import held_out
    from ops.scores.report import write_score_report

    test_set, results = held_out(degraded_pairs, defect_detector), [triplet_translation, bm3d, telea, deep_image_prior]
    rivals = [unmasked_deep_image_prior, stopped_deep_image_prior, sequential]
    rivals += [pix2pix, cyclegan, operation_attention, nafnet]
    with tracking.run(context) as log:
        inception, say = metric_weights.inception_file, context.log.info
        report = write_score_report(test_set, results, home.results, log, say, inception, rivals)
    return dg.MaterializeResult(
        value=report.gains,
        metadata={
            "table": dg.MetadataValue.md(report.table),
            "details": dg.MetadataValue.md(report.details),
            "comparison": dg.MetadataValue.md(markdown_picture(report.comparison, "comparison")),
            "damage": dg.MetadataValue.md(markdown_picture(report.damage, "synthetic photos and detected regions")),
            "gain of ours over the input, dB": report.gains["ours"],
            "report": dg.MetadataValue.path(report.folder / "evaluation.html"),
        },
    )


@dg.asset(group_name="evaluation", code_version="5", kinds={"mlflow"})
def released_model(
    context: dg.AssetExecutionContext,
    config: RunScale,
    scores: dict[str, float],
    clean_photos: Corpus,
    old_photos: Corpus,
    textures: Corpus,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    defect_detector: Checkpoint,
    damage_kinds: Checkpoint,
    tone_reader: Checkpoint | None,
    age_reader: Checkpoint | None,
    aligned_faces: Corpus | None,
    face_examples: JudgedFaces | None,
    home: Home,
    tracking: Tracking,
) -> dg.MaterializeResult[str]:
    """All networks as one registered model; the alias ``released``, which the archive loads, moves to it.

    Refuses a model that does not beat the untouched input, whatever checks ran before. The face generator is part of it
    only if one was trained (job ``train_faces``) and the verdict on it lets it near people.
    """
    from ops.detection.calibration import threshold_of
    from ops.faces.released import released_faces
    from ops.model_cards import model_card
    from ops.releases import MODEL_NAME, checkpoint_weights, register_release, write_release
    from ops.trained_networks import used_inpainter

    scale = config.scale.value
    faces = released_faces(face_examples, scale, config.recipe.face.settings)
    painter = used_inpainter(config.recipe, inpainter)
    painters, readers = ([one for one in some if one is not None] for some in ((painter,), (tone_reader, age_reader)))
    card = model_card(
        f"{MODEL_NAME}, recipe {scale}",
        scale,
        [
            degraded_vae,
            clean_vae,
            *painters,
            latent_mapping,
            defect_detector,
            damage_kinds,
            *readers,
            *faces.checkpoints,
        ],
        [clean_photos, old_photos, textures, *faces.learnt_from(aligned_faces)],
        (home.results / "scores.md").read_text(),
        faces.note,
    )
    weights = checkpoint_weights(degraded_vae, clean_vae, painter, latent_mapping, defect_detector)
    weights |= {"damage_kinds": (damage_kinds.weights, ""), **faces.weights}
    facts = {"edition": 1, "scale": scale, "gain over the input, dB": scores}
    with tracking.run(context) as log:
        release = config.recipe.release_config(threshold_of(defect_detector))
        kinds = config.recipe.kinds.network
        release = replace(release, face=faces.network, face_settings=faces.settings, kinds=kinds)
        if config.recipe.tone is not None and tone_reader is not None:
            least_sureness = config.recipe.least_sureness
            release = replace(release, tone=config.recipe.tone.network, least_sureness=least_sureness)
            weights["tone"] = (tone_reader.weights, "")
        if config.recipe.age is not None and age_reader is not None:
            prob, share = config.recipe.least_aged_prob, config.recipe.telling_share
            release = replace(release, age=config.recipe.age.network, least_aged_prob=prob, telling_share=share)
            weights["age"] = (age_reader.weights, "")
        folder = write_release(home.releases, release, weights, facts, scores["ours"], card)
        identity = register_release(tracking.uri, tracking.artifacts_folder, folder, log.run_id)
    return dg.MaterializeResult(
        value=identity.sha256,
        data_version=dg.DataVersion(identity.sha256),
        metadata={
            "model": f"{identity.name} version {identity.version}",
            "sha256": identity.sha256,
            "card": dg.MetadataValue.md(card),
        },
    )
