"""The command `albumen study`: the page on which people rank the methods' results blind."""

import click

from pipelines.settings import Settings


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8008, show_default=True, help="On 127.0.0.1.")
def study(port: int) -> None:
    """Open the newest preference study to voters on this computer; Ctrl-C closes it.

    \b
    Before:  materialize preference_study (albumen dev)
    After:   materialize preference, which counts the votes

    Several people vote one after the other, each under a name of their own; whoever stops goes on where they were.
    """
    import uvicorn

    from ops.preference.ballots import BallotBox
    from ops.preference.studies import newest_study
    from ops.preference.web import study_app

    home = Settings.from_environment().home
    try:
        shown = newest_study(home / "studies")
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(shown.photos)} photos, {len(shown.methods)} methods: http://127.0.0.1:{port}  (Ctrl-C closes)")
    uvicorn.run(study_app(shown, BallotBox(home / "ballots.sqlite")), host="127.0.0.1", port=port, log_level="warning")
