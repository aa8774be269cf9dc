"""`doctor` reports what works on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from puzzlecam_app.commands.printing import print_json
from puzzlecam_app.commands.studio import Studio, studio_command


@studio_command(has_json=True)
def doctor(
    studio: Studio,
    host: Annotated[str | None, typer.Option(metavar="H", help="Address whose port is checked.")] = None,
    port: Annotated[int | None, typer.Option(metavar="P", help="Port that is checked.")] = None,
) -> None:
    """Report what works on this machine, what does not, and what to do about it.

    Changes nothing. Exits with 1 if a check fails.

    \b
    Examples:
      puzzlecam doctor
      puzzlecam doctor --json
    """
    settings = studio.settings(host=host, port=port)
    from puzzlecam_app.doctor import examine, worst_level

    checks = []
    for check in examine(settings):
        checks.append(check)
        if not studio.as_json:
            typer.echo(f"{check.level:<5} {check.name}: {check.detail}")
            if check.remedy is not None:
                typer.echo(f"      -> {check.remedy}")
    if studio.as_json:
        print_json({"level": worst_level(checks), "checks": [asdict(check) for check in checks]})
    if worst_level(checks) == "fail":
        raise typer.Exit(1)
