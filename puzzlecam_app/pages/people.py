"""The pages Team, People and Account: mount points for `assets/people`, which uses the app's own routes."""

from __future__ import annotations

from puzzlecam_app.components.own_module import OwnModule

_STYLES = ("people/people.css",)
TEAM = OwnModule("people/team.js", _STYLES)
PEOPLE = OwnModule("people/main.js", _STYLES)
ACCOUNT = OwnModule("people/account.js", _STYLES)


def build_team(root_path: str) -> None:
    """Add the page Team to the Blocks that are being built."""
    TEAM.component(elem_id="team", class_name="pp-root", root_path=root_path)


def build_people(root_path: str) -> None:
    """Add the page People to the Blocks that are being built."""
    PEOPLE.component(elem_id="people", class_name="pp-root", root_path=root_path)


def build_account(root_path: str) -> None:
    """Add the page Account to the Blocks that are being built."""
    ACCOUNT.component(elem_id="account", class_name="pp-root", root_path=root_path)
