from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from benchmarks.left_alone import main
from ops.images import decode_rgb, encode_png


def test_it_counts_the_photos_of_every_folder_and_draws_the_worst(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, count in (("mine/scans", 2), ("yours/scans", 1)):
        (tmp_path / name).mkdir(parents=True)
        for number in range(count):
            blots = torch.rand(1, 3, 3, 4, generator=torch.Generator().manual_seed(10 * count + number))
            photo = F.interpolate(blots, (96, 128), mode="bicubic").clamp(0, 1)
            (tmp_path / name / f"{number}.png").write_bytes(encode_png(photo))
    mine, yours = tmp_path / "mine/scans", tmp_path / "yours/scans"
    main(tmp_path / "sheet.png", [mine, yours])
    table = capsys.readouterr().out
    assert f"| shipped | {mine} | 2 of 2 |" in table
    assert f"| shipped | {yours} | 1 of 1 |" in table  # another folder of the same name has a row of its own
    assert decode_rgb((tmp_path / "sheet.png").read_bytes()).shape[0] == 1
