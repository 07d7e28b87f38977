"""A page says the same in Markdown and in HTML, and text from data stays text."""

from pathlib import Path

from ops.report_pages import Figure, Page, Section, Table

PAGE = Page(
    "Evaluation",
    "Lead with `code`.",
    [
        Section(
            "One",
            "Text.",
            [Table(["method", "PSNR"], [["ours", "**20.1**"], ["<script>a|b", "3"]])],
            [Figure("grid.png", b"\x89PNG", 'A "grid"')],
            ["a note"],
        )
    ],
)


def test_text_from_data_is_escaped() -> None:
    assert "<script>" not in PAGE.html()
    assert "&lt;script&gt;a|b" in PAGE.html()
    assert "<script>a\\|b" in PAGE.markdown()  # a bar would end the cell


def test_best_numbers_are_bold_in_both_forms() -> None:
    assert "<td><strong>20.1</strong></td>" in PAGE.html()
    assert "| ours | **20.1** |" in PAGE.markdown()


def test_the_html_needs_nothing_beside_itself_and_the_markdown_links_its_pictures(tmp_path: Path) -> None:
    PAGE.write(tmp_path, "evaluation")
    assert {file.name for file in tmp_path.iterdir()} == {"evaluation.md", "evaluation.html", "grid.png"}
    assert 'src="data:image/png;base64,' in (tmp_path / "evaluation.html").read_text()
    assert '![A "grid"](grid.png)' in (tmp_path / "evaluation.md").read_text()
