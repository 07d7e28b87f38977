import pytest

from ops.devices import usable_device


def test_the_processor_can_always_be_used() -> None:
    assert usable_device("cpu") == "cpu"


@pytest.mark.parametrize("name", ["toaster", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_with_the_setting_and_the_cure(name: str) -> None:
    with pytest.raises(ValueError, match=rf"ALBUMEN_DEVICE={name} cannot be used here .*give cpu"):
        usable_device(name)
