from pathlib import Path

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus, CorpusPhoto
from ops.model_cards import model_card

FACTS = {"recipe": {"schedule": {"batch_size": 8, "crop_px": 96}}, "degradation": "standard-9"}


def photo(name: str, split: str, licence: str) -> CorpusPhoto:
    return CorpusPhoto(name, Path(name), "0" * 64, 10, 10, split, "a package", licence)


def test_a_card_says_what_was_learnt_from_under_which_licence_and_for_how_long() -> None:
    checkpoint = Checkpoint(Path("x"), "clean_vae", 1200, "ab" * 32, FACTS, ())
    photos = (photo("a", "train", "CC0"), photo("b", "train", "CC0"), photo("c", "held_out", "CC-BY"))
    corpora = [Corpus("clean", photos), Corpus("old", ())]
    card = model_card("albumen", "STANDARD", [checkpoint], corpora, "| 24.9 |", "Faces are left.")
    assert "| clean_vae | 1,200 | 8 | 96 | standard-9 | `abababababab` |" in card
    assert "| clean | a package | CC0 | 2 | 0 |" in card
    assert "| clean | a package | CC-BY | 0 | 1 |" in card
    assert "| old |" not in card
    assert card.endswith("| 24.9 |\n\n## Faces\n\nFaces are left.\n")
