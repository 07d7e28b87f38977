import pytest
import torch

from models.detector import DefectDetector, DetectorConfig
from ops.detection.curves import (
    CHANGES,
    Found,
    auc_by_class,
    by_change,
    by_stroke_width,
    found_by_kind,
    precision_recall,
    roc,
    scalars,
)
from ops.detection.truth import DefectTruth
from ops.detection.verdicts import JudgedPhoto, Verdicts, verdicts_of


def verdicts(separation: float) -> Verdicts:
    generator = torch.Generator().manual_seed(0)
    damaged = torch.rand(4000, generator=generator) < 0.1
    noise = torch.randn(4000, generator=generator)
    return Verdicts(noise + separation * damaged, damaged, noise[:1000] - 2, (4000,))


def test_a_perfect_detector_has_both_areas_one() -> None:
    numbers = scalars(verdicts(100.0), threshold=0.999)
    assert [numbers[name] for name in ("AUC", "average precision", "F1")] == pytest.approx([1, 1, 1])


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    numbers = scalars(verdicts(1.0), threshold=0.7)
    precision, recall = numbers["precision"], numbers["recall"]
    assert numbers["F1"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_thinned_roc_keeps_its_area() -> None:
    one = verdicts(1.0)
    x, y = (torch.tensor(values, dtype=torch.float64) for values in roc(one))
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert float(torch.trapezoid(y, x)) == pytest.approx(scalars(one, 0.5)["AUC"], abs=2e-3)


def test_precision_over_recall_ends_with_the_share_of_damage() -> None:
    one = verdicts(1.0)
    recall, precision = precision_recall(one)
    assert (recall[0], recall[-1]) == (0, 1)
    assert precision[-1] == pytest.approx(float(one.damaged.float().mean()), abs=1e-3)


@pytest.mark.parametrize(("width_px", "name"), [(1, "to 1.5 px"), (3, "to 4.5 px"), (7, "wider")])
def test_a_stroke_is_as_wide_as_it_was_drawn(width_px: int, name: str) -> None:
    strokes = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    strokes[..., :, 12 : 12 + width_px] = True
    split = by_stroke_width(strokes)
    assert split[name].sum() > 0.8 * strokes.sum()
    assert sum(int(part.sum()) for part in split.values()) == int(strokes.sum())


def test_damage_is_classed_by_how_many_levels_it_changes_the_aged_photo() -> None:
    undamaged = torch.full((1, 3, 1, 6), 100 / 255)
    photo = undamaged + torch.tensor([0, 16, 24, 32, 48, 96]) / 255
    truth = DefectTruth((photo[:, :1] > undamaged[:, :1]).float(), torch.ones(1, 1, 1, 6))
    (classed,) = by_change([JudgedPhoto(photo, truth, {}, (undamaged, undamaged))])
    damaged = {
        name: (mask * truth.damaged)[0, 0, 0].nonzero().flatten().tolist() for name, mask in classed.class_masks.items()
    }
    assert damaged == {name: [number] for number, (_, name) in enumerate(CHANGES, 1)}


def a_photo(truth: DefectTruth, classes: dict[str, torch.Tensor]) -> JudgedPhoto:
    return JudgedPhoto(torch.rand(1, 3, 16, 16), truth, classes, ())


def test_only_judged_pixels_become_verdicts() -> None:
    judged = torch.zeros(1, 1, 16, 16)
    judged[..., :4, :4] = 1
    detector = DefectDetector(DetectorConfig((4, 6))).eval()
    found = verdicts_of(detector, [a_photo(DefectTruth(torch.zeros_like(judged), judged), {})])
    assert len(found.logits) == len(found.damaged) == 16


def test_a_detector_that_marks_everything_finds_every_class_and_pays_in_f1() -> None:
    damaged = torch.zeros(1, 1, 16, 16)
    damaged[..., 3, :] = 1
    photo = a_photo(DefectTruth(damaged, torch.ones_like(damaged)), {"scratch": damaged})
    classes, widths = found_by_kind(DefectDetector(DetectorConfig((4, 6))).eval(), [photo], threshold=0.0)
    assert classes["scratch"] == widths["to 1.5 px"] == Found(hits=16, damaged=16, false_alarms=240)
    assert classes["scratch"].recall == 1
    assert classes["scratch"].f1 == pytest.approx(2 * 16 / (16 + 256))


class Brightness(DefectDetector):
    """Takes what is bright for damage."""

    def forward(self, photo: torch.Tensor) -> torch.Tensor:
        return photo.mean(dim=1, keepdim=True)


def test_a_class_that_is_never_found_does_not_lower_the_area_of_another() -> None:
    seen, unseen = (torch.zeros(1, 1, 16, 16) for _ in range(2))
    seen[..., 3, :], unseen[..., 9, :] = 1, 1
    photo = (0.5 + 0.5 * seen - 0.5 * unseen).expand(1, 3, 16, 16)
    truth = DefectTruth(seen + unseen, torch.ones_like(seen))
    judged = JudgedPhoto(photo, truth, {"scratch": seen, "stain": unseen, "tape": torch.zeros_like(seen)}, ())
    assert auc_by_class(Brightness(DetectorConfig((4, 6))), [judged]) == {"scratch": 1.0, "stain": 0.0}
