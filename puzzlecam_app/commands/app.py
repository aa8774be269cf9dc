"""`app` starts the studio; `setup` prepares its workspace without starting it."""

from __future__ import annotations

from typing import Annotated

import typer

from puzzlecam_app.commands.options import (
    ClipWeightsOption,
    MinPieceShareOption,
    ModelOption,
    SourceOption,
    setting_option,
)
from puzzlecam_app.commands.printing import say
from puzzlecam_app.commands.studio import Studio, studio_command


@studio_command(has_json=False)
def app(
    studio: Studio,
    host: Annotated[str | None, setting_option("host", "H", default="127.0.0.1")] = None,
    port: Annotated[int | None, setting_option("port", "P", default="7860")] = None,
    root_path: Annotated[str | None, setting_option("root_path", "PATH")] = None,
    model: ModelOption = None,
    source: SourceOption = None,
    clip_weights: ClipWeightsOption = None,
    min_piece_share: MinPieceShareOption = None,
    access: Annotated[str | None, setting_option("access", "accounts|key")] = None,
    log_format: Annotated[str | None, setting_option("log_format", "text|json", default="text")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Start the studio and open it in a browser.

    The first start adds a sample project.

    \b
    Examples:
      puzzlecam
      puzzlecam app --port 9000 --no-browser
      puzzlecam app --host 0.0.0.0 --workspace /srv/puzzlecam
      puzzlecam app --host 0.0.0.0 --access key
      puzzlecam app --root-path /studio --no-browser
    """
    settings = studio.settings(
        host=host,
        port=port,
        root_path=root_path,
        model=model,
        source=source,
        clip_weights=clip_weights,
        min_piece_share=min_piece_share,
        access=access,
        log_format=log_format,
        open_browser=False if no_browser else None,
    )
    say("Starting the studio ...")
    from puzzlecam_app.server import serve

    serve(settings, say=say)


@studio_command(has_json=False)
def setup(studio: Studio) -> None:
    """Prepare the workspace: folders, database and sample project.

    With launch.py, this first installs what is missing and tries the optional parts again.

    \b
    Examples:
      puzzlecam setup --workspace /srv/puzzlecam
    """
    from puzzlecam_app.interchange.sample import ensure_sample

    with studio.open() as services:
        ensure_sample(services.stores)
    say(f"The workspace {services.settings.workspace} is ready.")
