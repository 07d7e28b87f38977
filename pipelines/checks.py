"""Asset checks: what must hold before the next asset may build on this one."""

import dagster as dg

from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from pipelines.assets.archive import archive_report
from pipelines.assets.corpora import clean_photos
from pipelines.assets.dataset import degraded_pairs
from pipelines.assets.evaluation import scores


@dg.asset_check(asset=clean_photos, blocking=True)
def no_photo_is_in_two_splits(clean_photos: Corpus) -> dg.AssetCheckResult:
    """No file is in two of training, validation and held out, not even under two names."""
    splits = {(photo.sha256, photo.split) for photo in clean_photos.photos}
    num_shared = len(splits) - len({sha256 for sha256, _ in splits})
    return dg.AssetCheckResult(passed=num_shared == 0, metadata={"photos in two": num_shared})


@dg.asset_check(asset=degraded_pairs, blocking=True)
def no_photo_gives_pairs_to_two_splits(degraded_pairs: PairSet) -> dg.AssetCheckResult:
    """The rows themselves name photos of one split only; every row group is opened, so a torn shard is found here."""
    from ops.pairs.building import photos_in_two_splits

    num_shared = photos_in_two_splits(degraded_pairs)
    return dg.AssetCheckResult(passed=num_shared == 0, metadata={"photos in two": num_shared})


@dg.asset_check(asset=degraded_pairs, blocking=True)
def some_pairs_are_damaged_and_none_wholly(degraded_pairs: PairSet) -> dg.AssetCheckResult:
    """The mean share of damaged area lies between a trace and a third."""
    share = degraded_pairs.mean_damaged_share
    return dg.AssetCheckResult(passed=bool(0.001 < share < 0.33), metadata={"mean damaged share": share})


@dg.asset_check(asset=scores, blocking=True)
def ours_beats_the_input(scores: dict[str, float]) -> dg.AssetCheckResult:
    """On held-out pairs the restored photo is nearer to the truth than the untouched one; else nothing is released."""
    gain = scores["ours"]
    return dg.AssetCheckResult(passed=bool(gain > 0), metadata={"gain, dB": gain})


@dg.asset_check(asset=archive_report)
def every_photo_accounted_for(archive_report: dict[str, int]) -> dg.AssetCheckResult:
    """Restored and refused photos together are the photos of the manifest: none lost, none counted twice."""
    booked = archive_report["restored"] + archive_report["refused"]
    return dg.AssetCheckResult(passed=booked == archive_report["photos"], metadata=dict(archive_report))
