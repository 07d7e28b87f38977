"""The synthetic degraded dataset: pairs of a clean and a damaged photo, with the mask and every number drawn."""

import os

import dagster as dg

from ops.corpora.records import Corpus
from ops.pair_sets import PairSet
from pipelines.resources import Home
from pipelines.run_config import RunScale


@dg.asset(group_name="dataset", code_version="1", kinds={"parquet"})
def degraded_pairs(
    context: dg.AssetExecutionContext, config: RunScale, clean_photos: Corpus, textures: Corpus, home: Home
) -> dg.MaterializeResult[PairSet]:
    """Frozen pairs for training and, from other photos, held out; as Parquet shards, resumable."""
    from ops.datasheet import write_datasheet
    from ops.images import decode_rgb
    from ops.pair_shards import build_pair_set
    from ops.pictures import markdown_picture

    pairs = build_pair_set(
        clean_photos, textures, config.recipe.dataset, home.pairs, context.log.info, len(os.sched_getaffinity(0))
    )
    datasheet = write_datasheet(pairs, clean_photos, textures)
    return dg.MaterializeResult(
        value=pairs,
        data_version=dg.DataVersion(pairs.sha256),
        metadata={
            "training pairs": pairs.num_train,
            "held-out pairs": pairs.num_held_out,
            "folder": dg.MetadataValue.path(pairs.folder),
            "contact sheet": dg.MetadataValue.md(markdown_picture(datasheet.sheet, "clean, degraded, mask")),
            "datasheet": dg.MetadataValue.md(datasheet.text),
            "numbers drawn": dg.MetadataValue.md(markdown_picture(decode_rgb(datasheet.histograms), "numbers drawn")),
        },
    )
