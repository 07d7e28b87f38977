from pathlib import Path

import dagster as dg
import pytest

from pipelines.partitions import archive_shards
from pipelines.resources import ArchiveStorage
from pipelines.sensors import alert_on_failure, new_photos, open_shards

pytestmark = pytest.mark.filterwarnings("ignore")  # dagster's own


def tick(source: Path, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    archive = ArchiveStorage(source=str(source), target=str(source / "unused"), is_sample=False)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        result = new_photos(context, archive=archive)
    assert isinstance(result, dg.SensorResult | dg.SkipReason)
    return result


def test_a_scan_is_asked_for_once_for_each_state_of_the_collection(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    first = tick(tmp_path, None)
    assert isinstance(first, dg.SensorResult)
    assert len(first.run_requests or []) == 1
    assert isinstance(tick(tmp_path, first.cursor), dg.SkipReason)
    (tmp_path / "b.jpg").write_bytes(b"b")
    second = tick(tmp_path, first.cursor)
    assert isinstance(second, dg.SensorResult)
    assert second.cursor != first.cursor


def test_the_cursor_stays_small_however_many_photos_there_are(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
    result = tick(tmp_path, None)
    assert isinstance(result, dg.SensorResult)
    assert len(result.cursor or "") < 250


def test_every_shard_that_was_never_restored_is_asked_for(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(archive_shards.name), ["box-00000", "box-00001"])
        instance.report_runless_asset_event(dg.AssetMaterialization("restored_shard", partition="box-00000"))
        result = open_shards(dg.build_sensor_context(instance=instance))
    assert isinstance(result, dg.SensorResult)
    assert [request.partition_key for request in result.run_requests or []] == ["box-00001"]


def failed_run(secret: str) -> dg.SensorResult | dg.SkipReason | None:
    """What the alarm does about a run of one op that fails with ``secret`` in its words."""

    @dg.op
    def fail() -> None:
        raise RuntimeError(secret)

    @dg.job
    def nightly() -> None:
        fail()

    with dg.DagsterInstance.ephemeral() as instance:
        result = nightly.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="alert_on_failure",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        )
        return alert_on_failure(context.for_run_failure())


def test_a_failed_run_is_told_by_name_and_not_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setenv("ALBUMEN_ALERT_URL", "http://pager.example/hook")
    monkeypatch.setattr("ops.alerts.send_alert", lambda url, text: told.append((url, text)))
    assert failed_run("canary") is None
    ((url, text),) = told
    assert url == "http://pager.example/hook"
    assert text.startswith("albumen: nightly")
    assert "canary" not in text


def test_without_an_address_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALBUMEN_ALERT_URL", raising=False)
    skipped = failed_run("x")
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "ALBUMEN_ALERT_URL is not set"
