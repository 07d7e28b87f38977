import pickle

from ops.remembered import Remembered

asked: list[int] = []


def doubled(number: int) -> int:
    asked.append(number)
    return 2 * number


def test_an_answer_is_asked_for_once_while_it_is_kept() -> None:
    asked.clear()
    remembered = Remembered(doubled, capacity=2)
    assert [remembered(number) for number in (1, 1, 2, 1, 3, 2)] == [2, 2, 4, 2, 6, 4]
    assert asked == [1, 2, 3, 2]


def test_what_is_sent_to_another_process_starts_without_answers() -> None:
    remembered = Remembered(doubled, capacity=2)
    remembered(5)
    asked.clear()
    assert pickle.loads(pickle.dumps(remembered))(5) == 10  # noqa: S301
    assert asked == [5]
