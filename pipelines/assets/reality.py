"""How near the synthetic damage comes to the real old photos."""

import dagster as dg

from ops.corpora.records import Corpus
from pipelines.resources import Home
from pipelines.run_config import RunScale


@dg.asset(group_name="dataset", code_version="1", kinds={"markdown"})
def reality_report(
    config: RunScale, old_photos: Corpus, clean_photos: Corpus, home: Home
) -> dg.MaterializeResult[dict[str, float]]:
    """Statistics of real old photos beside synthetic ones, and a judge that tries to tell them apart (AUC 0.5: cannot).

    Without old photos (ALBUMEN_OLD_PHOTOS) the page says so.
    """
    from ops.reality.report import report_reality

    report = report_reality(old_photos, clean_photos, config.recipe.dataset.degradation, home.results)
    return dg.MaterializeResult(
        value=report.facts,
        metadata={
            **report.facts,
            "page": dg.MetadataValue.path(home.results / "reality.md"),
            "report": dg.MetadataValue.md(report.text),
            "plots": dg.MetadataValue.md(report.pictures),
        },
    )
