"""The judge: a classifier that tries to tell synthetic crops from real ones. What it cannot tell, a network cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline

_NUM_FOLDS = 5
_NUM_RESAMPLES = 1000


@dataclass(frozen=True)
class Verdict:
    """What the judge made of real and synthetic crops that it had not learned from.

    Attributes:
        auc: chance that it ranks a real crop above a synthetic one; 0.5 is blind, 1 tells every one.
        low: lower end of the 95 % interval of ``auc``.
        high: upper end.
        num_real: photos, not crops.
        num_synthetic: photos, not crops.
        false_alarms: of the ROC curve, rising from 0 to 1.
        found: of the ROC curve, rising from 0 to 1.
        clues: the statistics that give the synthetic side away, with the AUC that is lost when one is shuffled.
    """

    auc: float
    low: float
    high: float
    num_real: int
    num_synthetic: int
    false_alarms: list[float]
    found: list[float]
    clues: dict[str, float]


def judge(real: pd.DataFrame, synthetic: pd.DataFrame, seed: int) -> Verdict:
    """Let gradient-boosted trees tell rows of ``real`` from rows of ``synthetic``, cross-validated by photo.

    The index names the photo of each crop; all crops of a photo stand in one fold, so none is judged by what was
    learned from its neighbours. The two sides weigh the same. The interval is the bootstrap over photos: crops of a
    photo are drawn together. Same tables, same seed, same verdict.

    Raises:
        ValueError: one side has fewer photos than there are folds.
    """
    num_real, num_synthetic = real.index.nunique(), synthetic.index.nunique()
    if min(num_real, num_synthetic) < _NUM_FOLDS:
        raise ValueError(
            f"the judge needs {_NUM_FOLDS} photos of each side to cross-validate, got {num_real} real and "
            f"{num_synthetic} synthetic; bring more old photos"
        )
    features = pd.concat([real, synthetic], join="inner").replace([np.inf, -np.inf], np.nan)
    is_real = np.repeat([1, 0], [len(real), len(synthetic)])
    photos = np.concatenate([pd.factorize(real.index)[0], num_real + pd.factorize(synthetic.index)[0]])
    scores, clues = _unseen_scores(features, is_real, photos, seed)
    low, high = _interval(scores, is_real, photos, seed)
    false_alarms, found, _ = roc_curve(is_real, scores)
    return Verdict(
        auc=float(roc_auc_score(is_real, scores)),
        low=low,
        high=high,
        num_real=num_real,
        num_synthetic=num_synthetic,
        false_alarms=false_alarms.tolist(),
        found=found.tolist(),
        clues=clues,
    )


def _unseen_scores(
    features: pd.DataFrame, is_real: NDArray[np.int64], photos: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """How real each crop looks to a judge that learned from other photos, and what that judge goes by."""
    scores = np.zeros(len(features))
    lost = np.zeros(features.shape[1])
    folds = StratifiedGroupKFold(_NUM_FOLDS, shuffle=True, random_state=seed)
    for learned, unseen in folds.split(features, is_real, photos):
        classifier = _classifier(seed)
        weights = 1 / np.bincount(is_real[learned])[is_real[learned]]
        weights *= len(learned) / weights.sum()
        classifier.fit(features.iloc[learned], is_real[learned], gradientboostingclassifier__sample_weight=weights)
        scores[unseen] = classifier.predict_proba(features.iloc[unseen])[:, 1]
        clues = permutation_importance(
            classifier, features.iloc[unseen], is_real[unseen], scoring="roc_auc", n_repeats=2, random_state=seed
        )
        lost += clues.importances_mean / _NUM_FOLDS
    order = np.argsort(-lost, kind="stable")[:6]
    return scores, {str(features.columns[index]): float(lost[index]) for index in order}


def _classifier(seed: int) -> Pipeline:
    """Small trees, many and each seeing half of the crops: about as much as some hundred crops can teach."""
    trees = GradientBoostingClassifier(
        n_estimators=80, learning_rate=0.1, max_depth=3, subsample=0.5, max_features="sqrt", random_state=seed
    )
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True, add_indicator=False), trees)


def _interval(
    scores: NDArray[np.float64], is_real: NDArray[np.int64], photos: NDArray[np.int64], seed: int
) -> tuple[float, float]:
    """The middle 95 % of the AUC over photos drawn with replacement, each side for itself."""
    rng = np.random.default_rng(seed)
    real, synthetic = scores[is_real == 1], scores[is_real == 0]
    wins = (real[:, None] > synthetic) + 0.5 * (real[:, None] == synthetic)  # (crops, crops); their mean is the AUC
    times_real = _times_drawn(photos[is_real == 1], rng)
    times_synthetic = _times_drawn(photos[is_real == 0], rng)
    won = ((times_real @ wins) * times_synthetic).sum(axis=1)
    low, high = np.quantile(won / (times_real.sum(axis=1) * times_synthetic.sum(axis=1)), (0.025, 0.975))
    return float(low), float(high)


def _times_drawn(photos: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each crop occurs in each resample, (resamples, crops): as often as its photo is drawn."""
    names, photo_of = np.unique(photos, return_inverse=True)
    return rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_NUM_RESAMPLES)[:, photo_of]
