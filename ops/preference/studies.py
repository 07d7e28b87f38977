"""What a study shows: some photos and every method's result of each, as files whose names do not tell the method."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ops.checkpoints import replace_text


@dataclass(frozen=True)
class StudyPhoto:
    """One photo of a study; pictures are named by tokens, which say nothing of what they show."""

    name: str
    old: str
    results: Mapping[str, str]  # method -> token

    def method_of(self, token: str) -> str:
        """The method whose result ``token`` names."""
        return next(method for method, named in self.results.items() if named == token)


@dataclass(frozen=True)
class Study:
    """A frozen study.

    Attributes:
        folder: holds ``<token>.png`` of every picture, and ``study.json``.
        sha256: over every picture and name; a changed picture makes another study, whose votes are counted apart.
        methods: that are compared.
        photos: that are shown.
    """

    folder: Path
    sha256: str
    methods: tuple[str, ...]
    photos: tuple[StudyPhoto, ...]

    def pictures(self) -> dict[str, Path]:
        """The file of every token."""
        tokens = [token for photo in self.photos for token in (photo.old, *photo.results.values())]
        return {token: self.folder / f"{token}.png" for token in tokens}


def build_study(pictures: Mapping[str, tuple[bytes, Mapping[str, bytes]]], methods: Sequence[str], root: Path) -> Study:
    """Freeze a study.

    Args:
        pictures: photo -> the old photo as PNG, and the result of each method as PNG.
        methods: to compare, two at least; photos on which one of them failed are left out.
        root: of all studies; the newest is found again by ``newest_study``.

    Raises:
        ValueError: fewer than two methods, or no photo that all of them restored.
    """
    if len(methods) < 2:
        raise ValueError(f"a ranking needs two methods, got {list(methods)}")
    whole = {name: shown for name, shown in pictures.items() if set(methods) <= set(shown[1])}
    if not whole:
        raise ValueError(f"no photo was restored by all of {', '.join(methods)}; materialize them again")
    sha256 = _checksum(whole, methods)
    folder = root / sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for name, (old, results) in whole.items():
        tokens = {method: _token(sha256, name, method) for method in methods}
        photos.append(StudyPhoto(name, _token(sha256, name, "the old photo"), tokens))
        (folder / f"{photos[-1].old}.png").write_bytes(old)
        for method, token in tokens.items():
            (folder / f"{token}.png").write_bytes(results[method])
    study = Study(folder, sha256, tuple(methods), tuple(photos))
    record = TypeAdapter(Study).dump_json(study, indent=1).decode()
    replace_text(folder / "study.json", record)
    replace_text(root / "newest.json", record)
    return study


def newest_study(root: Path) -> Study:
    """The study that was frozen last under ``root``.

    Raises:
        ValueError: there is none; says how to make one.
    """
    path = root / "newest.json"
    if not path.is_file():
        raise ValueError(f"no study in {root}: materialize the asset preference_study (`make dev`, Assets) first")
    return TypeAdapter(Study).validate_json(path.read_bytes())


def shown_order(study: Study, rater: str, photo: StudyPhoto) -> tuple[str, ...]:
    """The tokens of a photo's results in the order that this rater sees: random, and the same at every look."""
    shuffled = list(photo.results.values())
    random.Random(f"{study.sha256} {rater} {photo.name}").shuffle(shuffled)  # noqa: S311 - an order, not a secret
    return tuple(shuffled)


def _checksum(pictures: Mapping[str, tuple[bytes, Mapping[str, bytes]]], methods: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name, (old, results) in sorted(pictures.items()):
        for part in (name, old, *(part for method in methods for part in (method, results[method]))):
            digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return digest.hexdigest()


def _token(sha256: str, photo: str, method: str) -> str:
    return hashlib.sha256(f"{sha256} {photo} {method}".encode()).hexdigest()[:16]
