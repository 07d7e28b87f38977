"""What assets are handed: the folders of the installation, the tracker, the archive's storage, the device."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import dagster as dg

if TYPE_CHECKING:
    from ops.archive.provenance import ReleaseIdentity
    from ops.restoration import PhotoRestorer
    from ops.storage.protocol import Storage, StoredObject
    from ops.tracking import MlflowLog
    from ops.training import Workbench


class Home(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The folder of one installation; everything Albumen writes lies below ``root``."""

    root: str

    @property
    def cache(self) -> Path:
        """Downloaded packages and decoded corpora; may be deleted at any time."""
        return Path(self.root) / "cache"

    @property
    def pairs(self) -> Path:
        """Shards of synthetic pairs."""
        return Path(self.root) / "pairs"

    @property
    def checkpoints(self) -> Path:
        """Trained networks, by stage and fingerprint."""
        return Path(self.root) / "checkpoints"

    @property
    def results(self) -> Path:
        """Restorations of the held-out pairs by each method, scores, pictures."""
        return Path(self.root) / "results"

    @property
    def studies(self) -> Path:
        """Preference studies as they are shown."""
        return Path(self.root) / "studies"

    @property
    def ballots(self) -> Path:
        """The votes of all studies; the one file here that no run can make again."""
        return Path(self.root) / "ballots.sqlite"

    @property
    def releases(self) -> Path:
        """Released models as they were registered, and those fetched for use."""
        return Path(self.root) / "releases"

    @property
    def bags(self) -> Path:
        """Sealed collections."""
        return Path(self.root) / "bags"


class Tracking(dg.ConfigurableResource):  # type: ignore[type-arg]
    """MLflow: one run a materialization, tagged with the Dagster run that made it."""

    uri: str
    artifacts: str

    @property
    def artifacts_folder(self) -> Path:
        """Where pictures and models go when the experiment is created."""
        return Path(self.artifacts)

    @contextmanager
    def run(self, context: dg.AssetExecutionContext) -> Iterator["MlflowLog"]:
        """Open the MLflow run of this materialization."""
        from ops.tracking import mlflow_run

        name = context.asset_key.to_user_string()
        with mlflow_run(self.uri, self.artifacts_folder, name, self._tags(context, name)) as log:
            yield log

    @contextmanager
    def bench(self, context: dg.AssetExecutionContext, home: Home, compute: "Compute") -> Iterator["Workbench"]:
        """Where a training asset works: checkpoints at home, numbers in an MLflow run, progress in Dagster's log."""
        from ops.devices import usable_device
        from ops.training import Workbench

        device = usable_device(compute.device)
        with self.run(context) as log:
            vgg_weights = None if compute.vgg_weights is None else Path(compute.vgg_weights)
            yield Workbench(home.checkpoints, log, context.log.info, device, vgg_weights, compute.gpus)

    def _tags(self, context: dg.AssetExecutionContext, name: str) -> Mapping[str, str]:
        return {"dagster.run_id": context.run.run_id, "dagster.job": context.run.job_name, "dagster.asset": name}


class ArchiveStorage(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The collection to restore, which is only read, and the place of the results. Each a folder or ``s3://...``.

    ``is_sample`` says that nobody named a collection, so the demo may fill one. ``inventory`` is where S3 delivers the
    inventory that takes the place of listing the collection; "" lists it. ``source_profile`` is the AWS profile whose
    credentials read the collection; "" reads it with those that write the results.
    """

    source: str
    target: str
    is_sample: bool
    inventory: str = ""
    source_profile: str = ""

    @property
    def collection(self) -> str:
        """The name of the collection, the first part of its shards' names."""
        from ops.archive.manifest import collection_name

        return collection_name(self.source)

    def listing(self) -> "Callable[[], Iterator[StoredObject]] | None":
        """What lists the collection in place of its storage; None without an inventory."""
        from ops.archive.inventory import inventory_listing

        return inventory_listing(self.inventory, self.source) if self.inventory else None

    def open_source(self) -> "Storage":
        """The originals."""
        from ops.storage.locations import open_storage

        return open_storage(self.source, self.source_profile)

    def open_target(self) -> "Storage":
        """The restored photos, their masks, sidecars and ledgers."""
        from ops.storage.locations import open_storage

        return open_storage(self.target)


class ArchiveCopies(dg.ConfigurableResource):  # type: ignore[type-arg]
    """What archive runs write beside the results unless their launch form says otherwise.

    ``access_px`` is the longest side of access copies, 0 for none.
    """

    access_px: int
    has_sheets: bool


class RestorationModel(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The model that restores: ``choice`` is ``shipped`` or ``trained`` (see ``ops/chosen_model.py``).

    ``cache`` keeps fetched models, ``finder_cache`` the face finder of those that enhance faces; they do so at
    ``face_strength``, or as the release says. Tone is taken back at ``tone_strength``. ``all_marks``
    restores all that the detector marks, also on photos that look sound.
    """

    choice: str
    tracking_uri: str
    cache: str
    device: str
    finder_cache: str
    face_strength: float | None = None
    tone_strength: float = 1.0
    all_marks: bool = False

    def identity(self) -> "ReleaseIdentity":
        """Who it is."""
        from ops.chosen_model import ModelChoice, chosen_identity

        return chosen_identity(ModelChoice(self.choice), self.tracking_uri)

    def load(self, log: Callable[[str], None]) -> tuple["ReleaseIdentity", "PhotoRestorer"]:
        """Who it is, and itself, ready to restore."""
        from ops.chosen_model import ModelChoice, fetch_chosen
        from ops.releases import FaceUse, load_release

        identity, folder = fetch_chosen(ModelChoice(self.choice), self.tracking_uri, Path(self.cache))
        faces = FaceUse(self.face_strength, cache=Path(self.finder_cache), log=log)
        marks, tone = self.all_marks, self.tone_strength
        return identity, load_release(folder, device=self.device, faces=faces, all_marks=marks, tone_strength=tone)


class RecordIOManager(dg.ConfigurableIOManager):
    """Keeps what assets hand to each other: frozen records as JSON under ``records/``. Never a pickle, never pixels."""

    root: str

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write the record of the asset just made."""
        from pydantic import TypeAdapter

        from ops.checkpoints import replace_text

        path = self._path(context)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, TypeAdapter(type(obj)).dump_json(obj, indent=1).decode())

    def load_input(self, context: dg.InputContext) -> object:
        """Read the record of an upstream asset as its consumer annotates it; None if it is absent and may be None."""
        from pydantic import TypeAdapter

        path, kind = self._path(context), context.dagster_type.typing_type
        if not path.is_file():
            if type(None) in get_args(kind):
                return None
            raise dg.Failure(
                f"{context.asset_key.to_user_string()} was not materialized in {self.root}: materialize it first",
                allow_retries=False,
            )
        return TypeAdapter(kind).validate_json(path.read_bytes())

    def _path(self, context: dg.OutputContext | dg.InputContext) -> Path:
        return Path(self.root) / "records" / f"{'.'.join(context.asset_key.path)}.json"


class MetricWeights(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Published weights of metrics that the user brings."""

    inception: str | None = None

    @property
    def inception_file(self) -> Path | None:
        """FID's network."""
        return None if self.inception is None else Path(self.inception)


class Compute(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where tensors live: a torch device such as ``cpu`` or ``cuda``; and VGG's weights, if the user has them.

    A training runs in ``gpus`` processes with one of these devices each.
    """

    device: str
    gpus: int = 1
    vgg_weights: str | None = None
