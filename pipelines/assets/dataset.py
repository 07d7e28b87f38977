"""The synthetic degraded dataset: pairs of a clean and a damaged photo, with the mask and every number drawn."""

import os

import dagster as dg

from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from pipelines.partitions import pair_parts
from pipelines.resources import Home
from pipelines.run_config import RunScale


@dg.asset(group_name="dataset", partitions_def=pair_parts, code_version="1", kinds={"parquet"})
def degraded_pair_shards(
    context: dg.AssetExecutionContext, config: RunScale, clean_photos: Corpus, textures: Corpus, home: Home
) -> dg.MaterializeResult[None]:
    """One part of the shards ahead of time: launch a range of parts to make a large set by several processes.

    Nobody has to: ``degraded_pairs`` makes what is missing. A finished shard is taken as it is.
    """
    from ops.pairs.building import make_shards
    from ops.parts import Part

    part = Part(pair_parts.get_partition_keys().index(context.partition_key), len(pair_parts.get_partition_keys()))
    shards = make_shards(clean_photos, textures, config.recipe.dataset, home.pairs, context.log.info, part=part)
    return dg.MaterializeResult(
        metadata={"shards": len(shards), "bytes": sum(shard.stat().st_size for shard in shards)},
    )


@dg.asset(group_name="dataset", deps=[degraded_pair_shards], code_version="2", kinds={"parquet"})
def degraded_pairs(
    context: dg.AssetExecutionContext, config: RunScale, clean_photos: Corpus, textures: Corpus, home: Home
) -> dg.MaterializeResult[PairSet]:
    """Frozen pairs for training, validation and, from photos apart, held out. Makes what is missing."""
    from ops.datasheet import write_datasheet
    from ops.images import decode_rgb
    from ops.pairs.building import build_pair_set
    from ops.pictures import markdown_picture

    pairs = build_pair_set(
        clean_photos, textures, config.recipe.dataset, home.pairs, context.log.info, len(os.sched_getaffinity(0))
    )
    datasheet = write_datasheet(pairs, clean_photos, textures, home.results)
    return dg.MaterializeResult(
        value=pairs,
        data_version=dg.DataVersion(pairs.sha256),
        metadata={
            "training pairs": pairs.num_train,
            "validation pairs": pairs.num_validation,
            "held-out pairs": pairs.num_held_out,
            "folder": dg.MetadataValue.path(pairs.folder),
            "contact sheet": dg.MetadataValue.md(markdown_picture(datasheet.sheet, "clean, degraded, mask")),
            "datasheet": dg.MetadataValue.md(datasheet.text),
            "numbers drawn": dg.MetadataValue.md(markdown_picture(decode_rgb(datasheet.histograms), "numbers drawn")),
        },
    )
