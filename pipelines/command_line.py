"""The command `albumen`: restore photos, run the demo, start the servers."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.ablation_command import ablations
from pipelines.review_command import retry, review, seal, verify
from pipelines.settings import Settings
from pipelines.study_command import study
from pipelines.training_command import train

if TYPE_CHECKING:
    from ops.restoration import PhotoRestorer

_WORTH_NAMING = 0.0005  # share of the pixels from which a kind of damage is named


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="albumen")
def main() -> None:
    """Albumen restores old photographs.

    \b
    Settings, from the environment:
      ALBUMEN_HOME            everything Albumen writes (.albumen)
      ALBUMEN_CLEAN_PHOTOS    folder or s3://bucket/prefix of clean photos to train with
      ALBUMEN_OLD_PHOTOS      folder or s3://bucket/prefix of real old photos
      ALBUMEN_TEXTURES        folder or s3://bucket/prefix of scanned paper, scratches, dust (PNG, SVG)
      ALBUMEN_FACE_PHOTOS     portraits to learn faces from (default: the faces in the clean photos)
      ALBUMEN_ANNOTATED_PHOTOS  old photos with masks of their damage, for the detector
      ALBUMEN_ARCHIVE_SOURCE  the collection to restore, only ever read
      ALBUMEN_ARCHIVE_TARGET  where restored photos go
      ALBUMEN_ARCHIVE_SOURCE_PROFILE  AWS profile that reads it (needs no right to write)
      ALBUMEN_ARCHIVE_INVENTORY  S3 Inventory to take its listing from (s3://bucket/prefix)
      ALBUMEN_ARCHIVE_ACCESS_PX  longest side of access copies (JPEG, sRGB) to write too
      ALBUMEN_ARCHIVE_SHEETS  1 writes review sheets too
      ALBUMEN_MODEL           shipped (default) or trained: which model restores
      ALBUMEN_FACE_STRENGTH   how far faces are enhanced, 0 to 1 (default: what the model says)
      ALBUMEN_TONE_STRENGTH   how far fading, yellowing and casts are taken back, 0 to 1 (1)
      ALBUMEN_ALL_MARKS       1 restores all that is marked, also on photos that look sound
      ALBUMEN_DEVICE          cpu, cuda, ...
      ALBUMEN_GPUS            over how many of them one training is spread (1)
      ALBUMEN_VGG             torchvision's vgg19-dcbb9e9d.pth, for the perceptual loss of a training
      ALBUMEN_INCEPTION       NVIDIA's inception-2015-12-05.pt, for FID among the scores
    """
    # Before torch is loaded: threads that wait by spinning made photos two and three times slower beside other work.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@main.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results.")
@click.option("--strength", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="0 leaves, 1 restores.")
@click.option("--face-strength", type=click.FloatRange(0, 1), help="0 leaves faces; default: what the model says.")
@click.option("--tone-strength", type=click.FloatRange(0, 1), help="0 leaves fading, yellowing, casts; default: 1.")
@click.option("--all-marks", is_flag=True, help="Restore what looks whole from further away or sound, too.")
@click.option("--side-by-side", is_flag=True, help="Also write NAME.compare.jpg: before, found defects, after.")
@click.option("--mask", type=click.Path(path_type=Path), help="Your own mask of one photo, white = damaged (PNG).")
@click.option("--save-mask", is_flag=True, help="Also write NAME.mask.png: white where damage was found.")
@click.option("--save-kinds", is_flag=True, help="Also write NAME.kinds.png: found damage, a colour for each kind.")
@click.option("--overwrite", is_flag=True, help="Replace results that are already there.")
def restore(
    photos: tuple[Path, ...],
    out: Path,
    strength: float,
    face_strength: float | None,
    tone_strength: float | None,
    all_marks: bool,
    side_by_side: bool,
    mask: Path | None,
    save_mask: bool,
    save_kinds: bool,
    overwrite: bool,
) -> None:
    """Restore PHOTOS with the model that comes with Albumen, or one trained here (ALBUMEN_MODEL=trained).

    Size, orientation, bit depth, colour profile, descriptive data and the pages of a TIFF stay as they are; the
    originals are only read. A photo that cannot be restored is named with the reason, the others go on, and the exit
    code is 1.

    What is taken for damaged has to look damaged from further away as well: that saves stripes and white shoes, and
    leaves some networks of cracks. And a photo that looks sound all over, sharp and without grain, is left as it is if
    little of it is marked: that saves twigs and water, and leaves a scratch on a sharp print; the line of the photo
    says so. Look at --side-by-side; where damage was left, try --all-marks, or --mask.

    Where a photo has clearly faded, yellowed or taken a cast, one curve a channel takes that back for all of it; the
    line of the photo says so. --tone-strength 0 leaves every tone as it is.

    \b
    Example:  albumen restore grandmother.jpg --out restored/ --side-by-side
              albumen restore grandmother.jpg --out restored/ --save-mask --save-kinds
              albumen restore grandmother.jpg --out restored/ --mask edited.mask.png --overwrite
    """
    if mask is not None and len(photos) > 1:
        raise click.UsageError(f"--mask belongs to one photo, {len(photos)} were given; restore them one by one")
    from ops.detection.mask_files import MOST_DAMAGE
    from ops.images import PhotoError
    from ops.photo_files import restore_file

    restorer = _chosen_restorer(strength, face_strength, tone_strength, all_marks)
    out.mkdir(parents=True, exist_ok=True)
    taken: set[Path] = set()
    failed = 0
    for photo in _with_progress(photos):
        target = out / photo.name
        comparison = out / f"{photo.stem}.compare.jpg" if side_by_side else None
        mask_target = out / f"{photo.stem}.mask.png" if save_mask else None
        kinds_target = out / f"{photo.stem}.kinds.png" if save_kinds else None
        try:
            if target in taken or (target.exists() and not overwrite):
                raise ValueError(f"{target} is already there; choose another --out, or --overwrite")
            pages = restore_file(photo, target, restorer, comparison, mask, mask_target, kinds_target)
            for number, page in enumerate(pages, 1):
                where = f", page {number} of {len(pages)}" if len(pages) > 1 else ""
                click.echo(f"{photo} -> {target}{where}  {_outcome(page.facts)}")
                if mask is not None and (marked := page.facts["damaged_fraction"]) > MOST_DAMAGE:
                    click.echo(
                        f"warning: {mask}{where} marks {marked:.0%} of {photo} as damaged; white means damaged: "
                        "is it inverted?",
                        err=True,
                    )
        except (PhotoError, ValueError) as error:
            failed += 1
            click.echo(f"{photo}: not restored: {error}", err=True)
        taken.add(target)
    click.echo(f"{len(photos) - failed} of {len(photos)} photos restored into {out}")
    sys.exit(1 if failed else 0)


@main.command()
@click.argument("photo", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same bytes.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results.")
@click.option("--only", metavar="DAMAGE", help="One damage alone instead of a random mixture; `list` names them all.")
@click.option("--strength", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Of the one damage.")
def degrade(photo: Path, seed: int, out: Path, only: str | None, strength: float) -> None:
    """Damage PHOTO as the training data is damaged.

    Writes the damaged photo, the mask of its structured damage and every number drawn.

    \b
    Example:  albumen degrade holiday.jpg --seed 7 --out damaged/
              albumen degrade holiday.jpg --only scratch --strength 0.8 --out damaged/
    """
    import torch

    from ops.degradation.degrade import draw_plan
    from ops.degradation.plan import Plan
    from ops.degradation.recipe import STANDARD_DEGRADATION
    from ops.degradation.single_damage import DAMAGE_NAMES, single_damage_plan
    from ops.images import PhotoError
    from ops.photo_files import degrade_file

    if only == "list":
        click.echo("\n".join(DAMAGE_NAMES))
        return

    def draw(height: int, width: int) -> Plan:
        """What is to happen to a photo of this size."""
        if only is not None:
            return single_damage_plan(only, strength, height, width, seed)
        return draw_plan(STANDARD_DEGRADATION, height, width, torch.Generator().manual_seed(seed))

    try:
        degrade_file(photo, out, draw)
    except (PhotoError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{photo} -> {out / photo.stem}.degraded.png, .mask.png, .plan.json")


@main.command()
@click.option("--s3", "with_s3", is_flag=True, help="Keep the archive in a local S3 server instead of folders.")
def demo(with_s3: bool) -> None:
    """Train, score and release small models, restore a small archive, then train and score every rival."""
    from pipelines.demo import run_demo

    sys.exit(run_demo(_settings(), click.echo, with_s3=with_s3))


@main.command()
def archive() -> None:
    """Restore the configured collection: scan it, restore what is missing, close the books.

    \b
    Example:  ALBUMEN_ARCHIVE_SOURCE=/scans ALBUMEN_ARCHIVE_TARGET=/restored albumen archive

    Killed or failed at any time, the same command goes on where it stopped.
    """
    import dagster as dg

    from pipelines.local_servers import prepare_home

    settings = _settings()
    prepare_home(settings)
    from pipelines.job_runs import run_archive  # after DAGSTER_HOME is set

    with dg.DagsterInstance.get() as instance:
        done = run_archive(settings, instance)
    report = settings.home / "results/archive.md"
    click.echo(f"the books are in {report}" if done else "the run stopped; the reason stands above", err=not done)
    sys.exit(0 if done else 1)


@main.command()
def dev() -> None:
    """Start Dagster's UI and daemon, MLflow's UI and a local S3 server on 127.0.0.1; Ctrl-C stops them."""
    from pipelines.local_servers import serve

    sys.exit(serve(_settings(), click.echo))


def _outcome(facts: Mapping[str, float]) -> str:
    """What was found and changed, in one line."""
    from ops.detection.kinds import KINDS

    shares = {name: facts.get(f"{name}_fraction", 0.0) for name in KINDS}
    kinds = ", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share >= _WORTH_NAMING)
    found = f"{facts['damaged_fraction']:.1%} damaged" + (f" ({kinds})" if kinds else "")
    if facts.get("is_sound", 0.0) > 0:
        found = f"looks sound and is left, {facts['held_back_fraction']:.2%} marked: --all-marks restores it"
    if facts.get("tone_change", 0.0) > 0:
        found = f"{found}, tone taken back by {255 * facts['tone_change']:.0f}/255"
    if "faces" in facts:
        found = f"{found}, {facts['enhanced_faces']:.0f} of {facts['faces']:.0f} faces enhanced"
    return f"({found}, mean change {255 * facts['mean_change']:.1f}/255, {facts['seconds']:.1f} s)"


main.add_command(ablations)
main.add_command(train)
main.add_command(study)
main.add_command(review)
main.add_command(seal)
main.add_command(retry)
main.add_command(verify)


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _chosen_restorer(
    strength: float, face_strength: float | None, tone_strength: float | None, all_marks: bool
) -> "PhotoRestorer":
    """The chosen model, or a message that says how to get one."""
    import torch

    from ops.chosen_model import ModelChoice, fetch_chosen
    from ops.faces.finder_weights import FaceFinderUnavailableError
    from ops.releases import FaceUse, NoReleaseError, load_release
    from pipelines.local_servers import tracking_uri

    settings = _settings()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    try:
        release, folder = fetch_chosen(ModelChoice(settings.model), tracking_uri(settings), settings.home / "releases")
        asked = settings.face_strength if face_strength is None else face_strength
        faces = FaceUse(asked, settings.home / "cache", click.echo, is_dispensable=True)
        tone = settings.tone_strength if tone_strength is None else tone_strength
        marks = all_marks or settings.all_marks
        restorer = load_release(folder, strength, settings.device, faces, all_marks=marks, tone_strength=tone)
    except FaceFinderUnavailableError as error:
        raise click.ClickException(f"{error}; --face-strength 0 leaves faces as they are") from error
    except (NoReleaseError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"model {release.name} {release.version} ({release.digest})")
    return restorer


def _with_progress(photos: tuple[Path, ...]) -> Iterable[Path]:
    """A bar in a terminal when there is more than one photo."""
    from tqdm import tqdm

    return tqdm(photos, unit="photo", disable=None if len(photos) > 1 else True)
