"""Faces: those to learn from, the generator, what it does to real ones, and the report's study of its injection."""

from dataclasses import asdict

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.faces.verdict import FaceVerdict, JudgedFaces
from pipelines.assets.corpora import PhotoLocations
from pipelines.assets.training import described
from pipelines.resources import Compute, Home, Tracking
from pipelines.run_config import RunScale


@dg.asset(group_name="faces", code_version="1", kinds={"parquet"})
def aligned_faces(
    context: dg.AssetExecutionContext, config: RunScale, photos: PhotoLocations, clean_photos: Corpus, home: Home
) -> dg.MaterializeResult[Corpus]:
    """Faces found in the clean photos, or in portraits of the user's own (ALBUMEN_FACE_PHOTOS), upright on a canvas."""
    from ops.corpora.sheets import corpus_sheet, source_table
    from ops.faces.aligned import collect_faces

    recipe = config.recipe.face
    faces = collect_faces(
        photos.faces, clean_photos, recipe.settings, home.cache, photos.fetches_packages, context.log.info
    )
    return dg.MaterializeResult(
        value=faces,
        data_version=dg.DataVersion(faces.sha256),
        metadata={
            "train": len(faces.train),
            "held out": len(faces.held_out),
            "canvas": recipe.settings.canvas_px,
            "sources": dg.MetadataValue.md(source_table(faces)),
            "faces": dg.MetadataValue.md(corpus_sheet(faces)),
        },
    )


@dg.asset(group_name="faces", code_version="2", kinds={"pytorch", "mlflow"})
def face_generator(
    context: dg.AssetExecutionContext,
    config: RunScale,
    aligned_faces: Corpus,
    clean_photos: Corpus,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The progressive generator that restores aligned faces, shown the degraded face at every scale."""
    from ops.faces.finder_weights import cached_finder
    from ops.stages.face import train_face_generator

    recipe, facts = config.recipe.face, {"scale": config.scale.value}
    finder = cached_finder(home.cache)
    with tracking.bench(context, home, compute) as bench:
        return described(train_face_generator(recipe, aligned_faces, clean_photos, finder, facts, bench))


@dg.asset(group_name="faces", code_version="1", kinds={"pytorch"})
def face_examples(
    config: RunScale,
    aligned_faces: Corpus,
    clean_photos: Corpus,
    old_photos: Corpus,
    face_generator: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[JudgedFaces]:
    """Whether the generator may touch faces, by held-out ones, and what it does to those of the real old photos."""
    from ops.faces.finder_weights import cached_finder
    from ops.faces.judge import report_faces

    finder = cached_finder(home.cache)
    report = report_faces(config.recipe.face, face_generator, aligned_faces, clean_photos, old_photos, finder)
    return dg.MaterializeResult(
        value=JudgedFaces(face_generator, report.verdict),
        metadata={**asdict(report.verdict), "faces": dg.MetadataValue.md(report.pictures)},
    )


@dg.asset(group_name="faces", code_version="1", kinds={"pytorch"})
def face_injection_study(
    context: dg.AssetExecutionContext,
    config: RunScale,
    aligned_faces: Corpus,
    clean_photos: Corpus,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[dict[str, FaceVerdict]]:
    """The report's question: injecting the degraded face at 16 px only, at the finest scale only, or at all."""
    from ops.faces.finder_weights import cached_finder
    from ops.faces.injection_study import study_injection
    from ops.pictures import markdown_picture

    recipe, facts = config.recipe.face, {"scale": config.scale.value}
    finder = cached_finder(home.cache)
    with tracking.bench(context, home, compute) as bench:
        study = study_injection(recipe, aligned_faces, clean_photos, finder, facts, bench)
    return dg.MaterializeResult(
        value=study.verdicts,
        metadata={
            "table": dg.MetadataValue.md(study.table),
            "pictures": dg.MetadataValue.md(markdown_picture(study.sheet, "injection study")),
        },
    )
