"""The synthetic degraded dataset: pairs of a clean and a damaged photo, with the mask and every number drawn."""

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
    from ops.dataset_sheet import pair_set_sheet, pair_set_statistics
    from ops.pair_shards import build_pair_set
    from ops.pictures import markdown_picture

    pairs = build_pair_set(clean_photos, textures, config.recipe.dataset, home.pairs, context.log.info)
    return dg.MaterializeResult(
        value=pairs,
        data_version=dg.DataVersion(pairs.sha256),
        metadata={
            "training pairs": pairs.num_train,
            "held-out pairs": pairs.num_held_out,
            "folder": dg.MetadataValue.path(pairs.folder),
            "damage": dg.MetadataValue.md(pair_set_statistics(pairs)),
            "contact sheet": dg.MetadataValue.md(markdown_picture(pair_set_sheet(pairs), "clean, degraded, mask")),
        },
    )
