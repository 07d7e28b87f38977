"""Pictures about photos: contact sheets, comparisons, overlays and curves, for asset metadata and reports.

Everything takes and gives (1, 3, H, W) RGB in [0, 1], except what ends as Markdown or PNG bytes. Text is drawn here and
nowhere else, with OpenCV's stroke font, which needs no font file and knows ASCII only.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from ops.images import encode_jpeg

PAPER = 1.0  # background grey
GAP_PX = 6
FONT = cv2.FONT_HERSHEY_SIMPLEX
_CLASS_COLOURS = (  # told apart by colour-blind eyes too (Okabe and Ito, "Color Universal Design", 2008)
    (0.84, 0.37, 0.00),
    (0.34, 0.71, 0.91),
    (0.94, 0.89, 0.26),
    (0.80, 0.47, 0.65),
    (0.00, 0.62, 0.45),
    (0.00, 0.45, 0.70),
)
TEXT_PX = 16  # cap height plus leading of one line at scale 0.45


def contact_sheet(
    rows: Sequence[Sequence[Tensor]],
    column_titles: Sequence[str],
    row_titles: Sequence[str] | None = None,
    cell_px: int = 192,
    captions: Sequence[Sequence[str]] | None = None,
) -> Tensor:
    """Lay photos out in a titled grid, each fitted into a square cell without changing its proportions.

    Args:
        rows: photos (1, 3, H, W) or masks (1, 1, H, W) in [0, 1], of any and differing sizes.
        column_titles: one per column; a line break makes a second line.
        row_titles: one per row, written above the row; None for none.
        cell_px: side of a cell.
        captions: one line below each photo, such as its score; None for none.

    Returns:
        (1, 3, H, W) in [0, 1].

    Raises:
        ValueError: the grid is empty, ragged, or its titles do not match it.
    """
    _check_grid(rows, column_titles, row_titles, captions)
    bands = [_beside([_text_strip(title, cell_px) for title in column_titles])]
    for index, photos in enumerate(rows):
        if row_titles is not None:
            bands.append(_text_strip(row_titles[index], bands[0].shape[-1]))
        bands.append(_beside([_fit_cell(photo, cell_px) for photo in photos]))
        if captions is not None:
            bands.append(_beside([_text_strip(caption, cell_px) for caption in captions[index]]))
    return _frame(_stack(bands))


def before_after(before: Tensor, after: Tensor, titles: tuple[str, str] = ("before", "after")) -> Tensor:
    """Show two photos of one size side by side at full resolution, a white divider between them and titles above.

    Args:
        before: (1, 3, H, W) in [0, 1].
        after: the same shape and range.
        titles: what stands above the left and the right photo.

    Raises:
        ValueError: the two differ in shape.
    """
    if before.shape != after.shape:
        raise ValueError(f"before is {tuple(before.shape)}, after is {tuple(after.shape)}; a comparison needs one size")
    width = before.shape[-1]
    heads = _beside([_text_strip(title, width) for title in titles])
    return _frame(_stack([heads, _beside([_on_paper(before), _on_paper(after)])]))


def mask_overlay(pixels: Tensor, mask: Tensor, opacity: float = 0.7) -> Tensor:
    """Tint ``pixels`` (1, 3, H, W) red where ``mask`` (1, 1, H, W) says damaged, in proportion for soft masks."""
    red = torch.tensor([1.0, 0.1, 0.1]).view(1, 3, 1, 1)
    alpha = opacity * mask.detach().cpu().clamp(0, 1)
    return _on_paper(pixels) * (1 - alpha) + red * alpha


def class_colours(numbers: Tensor) -> Tensor:
    """Paint classes (1, 1, H, W), each number from 1 on in its own colour and 0 black; (1, 3, H, W)."""
    palette = torch.tensor([(0.0, 0.0, 0.0), *_CLASS_COLOURS])
    return palette[numbers[0, 0].long().cpu()].permute(2, 0, 1)[None]


def class_overlay(pixels: Tensor, numbers: Tensor, opacity: float = 0.7) -> Tensor:
    """Tint ``pixels`` (1, 3, H, W) where ``numbers`` (1, 1, H, W) names a class, as ``class_colours`` paints it."""
    alpha = opacity * (numbers > 0).float().cpu()
    return _on_paper(pixels) * (1 - alpha) + class_colours(numbers) * alpha


def with_legend(pixels: Tensor, names: Sequence[str]) -> Tensor:
    """Put the ``names`` of the classes 1, 2, ... below ``pixels`` (1, 3, H, W), each under a bar of its colour."""
    width_px = pixels.shape[-1] // len(names) - GAP_PX
    entries = [
        _stack(
            [torch.tensor(colour).view(1, 3, 1, 1).expand(-1, -1, TEXT_PX // 2, width_px), _text_strip(name, width_px)]
        )
        for name, colour in zip(names, _CLASS_COLOURS, strict=False)
    ]
    legend = _beside(entries)
    return _stack([pixels, F.pad(legend, (0, pixels.shape[-1] - legend.shape[-1], 0, 0), value=PAPER)])


def markdown_picture(pixels: Tensor, alt: str, max_bytes: int = 100_000) -> str:
    """Write a photo as a Markdown image that carries its own JPEG, shrunk until the whole text fits.

    Args:
        pixels: (1, 3, H, W) in [0, 1].
        alt: what a reader without pictures sees.
        max_bytes: limit for the Markdown text; Dagster keeps metadata in its database, so pictures stay small.

    Raises:
        ValueError: not even a thumbnail of 16 pixels fits into ``max_bytes``.
    """
    pixels = _on_paper(pixels)
    head = "".join(" " if letter in "[]\n" else letter for letter in alt)
    while max(pixels.shape[-2:]) >= 16:
        for quality in (88, 70):
            text = f"![{head}](data:image/jpeg;base64,{base64.b64encode(encode_jpeg(pixels, quality)).decode()})"
            if len(text.encode()) <= max_bytes:
                return text
        height, width = (max(1, round(0.8 * side)) for side in pixels.shape[-2:])
        pixels = _resize(pixels, height, width)
    raise ValueError(f"no picture fits into {max_bytes} bytes of Markdown; allow some thousands")


def line_plot(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str,
    x_title: str,
    y_title: str,
    diagonal: str | None = None,
) -> bytes:
    """Draw named curves, each given as (x values, y values), and return the figure as PNG bytes.

    ``diagonal`` names what the line from (0, 0) to (1, 1) would mean; it is drawn dashed and grey.
    """
    figure = Figure(figsize=(6.4, 4.0), dpi=100, layout="constrained")  # no pyplot: no global state, no display
    axes = figure.add_subplot()
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name, linewidth=1.5)
    if diagonal is not None:
        axes.plot([0, 1], [0, 1], label=diagonal, linewidth=1, linestyle="--", color="grey")
    axes.set(title=title, xlabel=x_title, ylabel=y_title)
    axes.grid(visible=True, alpha=0.3)
    if len(curves) > 1:
        axes.legend(frameon=False)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def scatter_panels(panels: Mapping[str, Mapping[str, Tensor]], title: str) -> bytes:
    """Draw named groups of points (n, 2), one panel per entry side by side on the same axes; PNG bytes."""
    figure = Figure(figsize=(1 + 3.2 * len(panels), 3.8), dpi=100, layout="constrained")
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axis, (name, groups) in zip(axes, panels.items(), strict=True):
        for group, points in groups.items():
            axis.scatter(*points.mT.tolist(), label=group, s=6, alpha=0.4, linewidths=0)
        axis.set(title=name)
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend(frameon=False)
    figure.suptitle(title)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _check_grid(
    rows: Sequence[Sequence[Tensor]],
    column_titles: Sequence[str],
    row_titles: Sequence[str] | None,
    captions: Sequence[Sequence[str]] | None,
) -> None:
    widths = {len(row) for row in rows}
    if widths != {len(column_titles)} or not column_titles:
        raise ValueError(f"rows of {sorted(widths)} pictures under {len(column_titles)} column titles; give one each")
    if row_titles is not None and len(row_titles) != len(rows):
        raise ValueError(f"{len(row_titles)} row titles for {len(rows)} rows; give one each, or None")
    if captions is not None and [len(row) for row in captions] != [len(row) for row in rows]:
        raise ValueError("captions must have the shape of the rows; give one per picture, or None")


def _on_paper(pixels: Tensor) -> Tensor:
    """Bring a photo or mask to (1, 3, H, W) float32 on the CPU, clipped."""
    return pixels.detach().float().cpu().clamp(0, 1).expand(1, 3, -1, -1)


def _resize(pixels: Tensor, height: int, width: int) -> Tensor:
    """Average when shrinking, interpolate when enlarging."""
    shrinks = height <= pixels.shape[-2] and width <= pixels.shape[-1]
    image = pixels[0].permute(1, 2, 0).contiguous().numpy()
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return torch.from_numpy(resized).permute(2, 0, 1)[None].clamp(0, 1)  # cubic overshoots at edges


def _fit_cell(pixels: Tensor, cell_px: int) -> Tensor:
    pixels = _on_paper(pixels)
    scale = cell_px / max(pixels.shape[-2:])
    height, width = (min(cell_px, max(1, round(scale * side))) for side in pixels.shape[-2:])
    top, left = (cell_px - height) // 2, (cell_px - width) // 2
    margins = (left, cell_px - width - left, top, cell_px - height - top)
    return F.pad(_resize(pixels, height, width), margins, value=PAPER)


def _text_strip(text: str, width_px: int) -> Tensor:
    """Draw lines of text, centred and shrunk to the width, as a strip (1, 3, h, width_px) dark on paper."""
    lines = text.split("\n")
    strip = np.full((TEXT_PX * len(lines), width_px, 3), round(255 * PAPER), np.uint8)
    for index, raw in enumerate(lines):
        line, scale = _fit_line(raw.encode("ascii", "replace").decode(), width_px)
        (drawn_px, _), _ = cv2.getTextSize(line, FONT, scale, 1)
        origin = ((width_px - drawn_px) // 2, TEXT_PX * (index + 1) - 4)
        cv2.putText(strip, line, origin, FONT, scale, (25, 25, 25), 1, cv2.LINE_AA)
    return torch.from_numpy(strip).permute(2, 0, 1)[None] / 255


def _fit_line(line: str, width_px: int) -> tuple[str, float]:
    """Shrink a line down to the smallest readable size, then cut it."""
    scales = (0.45, 0.4, 0.35, 0.3)
    for scale in scales:
        if cv2.getTextSize(line, FONT, scale, 1)[0][0] <= width_px:
            return line, scale
    while len(line) > 1 and cv2.getTextSize(f"{line}..", FONT, scales[-1], 1)[0][0] > width_px:
        line = line[:-1]
    return f"{line}..", scales[-1]


def _beside(cells: Sequence[Tensor]) -> Tensor:
    """Join cells left to right, a gap between them, lower ones set on the bottom line."""
    tall = max(cell.shape[-2] for cell in cells)
    padded = [F.pad(cell, (0, GAP_PX, tall - cell.shape[-2], 0), value=PAPER) for cell in cells]
    return torch.cat(padded, dim=-1)[..., :-GAP_PX]


def _stack(bands: Sequence[Tensor]) -> Tensor:
    return torch.cat([F.pad(band, (0, 0, 0, 3), value=PAPER) for band in bands], dim=-2)


def _frame(picture: Tensor) -> Tensor:
    return F.pad(picture, (GAP_PX,) * 4, value=PAPER)
