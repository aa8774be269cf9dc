"""`app` starts the studio; `setup` prepares its workspace without starting it."""

from __future__ import annotations

from typing import Annotated

import typer

from puzzlecam_app.commands.options import DatabaseUrlOption, ModelOption, WorkspaceOption, load_settings, say
from puzzlecam_app.settings import Settings, environment_variable


def app(
    context: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(
            envvar=environment_variable("host"),
            metavar="H",
            help=f"{Settings.model_fields['host'].description} Default: 127.0.0.1.",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            envvar=environment_variable("port"),
            metavar="P",
            help=f"{Settings.model_fields['port'].description} Default: 7860.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    database_url: DatabaseUrlOption = None,
    model: ModelOption = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Start the studio and open it in a browser.

    The first start adds a sample project, so that there is something to look at.

    \b
    Examples:
      puzzlecam
      puzzlecam app --port 9000 --no-browser
      puzzlecam app --host 0.0.0.0 --workspace /srv/puzzlecam
    """
    settings = load_settings(
        context,
        host=host,
        port=port,
        workspace=workspace,
        database_url=database_url,
        model=model,
        open_browser=False if no_browser else None,
    )
    say("Starting the studio ...")
    from puzzlecam_app.server import serve

    serve(settings, say=say)


def setup(
    context: typer.Context, workspace: WorkspaceOption = None, database_url: DatabaseUrlOption = None
) -> None:
    """Prepare the workspace: folders, database and sample project.

    Through launch.py this installs what is missing first, and tries the optional parts again.

    \b
    Examples:
      puzzlecam setup --workspace /srv/puzzlecam
    """
    settings = load_settings(context, workspace=workspace, database_url=database_url)
    from puzzlecam_app.interchange.sample import ensure_sample
    from puzzlecam_app.services import open_services

    with open_services(settings) as services:
        ensure_sample(services.database, services.masks, services.workspace.images_dir)
    say(f"The workspace {settings.workspace} is ready.")
