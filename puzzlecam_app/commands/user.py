"""`user` manages accounts: people, roles, links and tokens, and shows the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from puzzlecam_app.commands.printing import print_json, print_table, say
from puzzlecam_app.commands.studio import Studio, studio_command
from puzzlecam_app.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.role_names import DatasetRole, Role
    from puzzlecam_app.people.joining import Link
    from puzzlecam_app.settings import Settings

commands = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Manage accounts, roles, invitations and tokens; show the audit log.",
)

PersonArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the person.")]
DatasetOption = Annotated[
    list[str] | None,
    typer.Option("--dataset", metavar="NAME", help="Dataset of the role; can be given several times."),
]
DaysOption = Annotated[int, typer.Option("--days", metavar="N", help="Days until it is no longer valid.")]
RoleOption = Annotated[
    str, typer.Option("--role", metavar="ROLE", help="labeler, reviewer, lead (on datasets) or admin.")
]


@commands.command("list")
@studio_command(has_json=True)
def list_(studio: Studio) -> None:
    """List the accounts with their roles.

    \b
    Examples:
      puzzlecam user list
    """
    from db.accounts import list_accounts
    from db.datasets import list_datasets
    from db.roles import roles_by_user

    with studio.read() as session:
        names = {dataset.id: dataset.name for dataset in list_datasets(session)}
        roles = roles_by_user(session)
        people = [
            {
                "name": account.user.name,
                "state": "disabled"
                if account.disabled_at
                else "active"
                if account.password_hash
                else "no password yet",
                "admin": account.is_admin,
                "roles": {names[key]: role for key, role in roles.get(account.user_id, {}).items()},
            }
            for account in list_accounts(session)
        ]
    if studio.as_json:
        print_json(people)
    elif not people:
        typer.echo("There are no accounts; add one with: user add NAME --role admin")
    else:
        print_table(
            ("NAME", "STATE", "ROLES"), [(one["name"], one["state"], _roles_of(one)) for one in people]
        )


@commands.command()
@studio_command(has_json=True)
def add(
    studio: Studio,
    name: PersonArgument,
    role: RoleOption = "labeler",
    dataset: DatasetOption = None,
    days: DaysOption = 7,
) -> None:
    """Make an account for a person, and print the link with which they choose a password.

    Work that is stored under this name already belongs to the account.

    \b
    Examples:
      puzzlecam user add Ann --role admin
      puzzlecam user add Ben --role labeler --dataset voc
    """
    from db.accounts import create_account
    from db.roles import give_at_least
    from puzzlecam_app.people.joining import invite_to_reset

    with studio.open() as services:
        with services.database.write() as session:
            dataset_ids = _dataset_ids(session, role, dataset)
            account = create_account(session, name, None, is_admin=role == "admin")
            if role != "admin":
                give_at_least(session, account.user_id, dataset_ids, cast("DatasetRole", role))
            link = invite_to_reset(session, account.user_id, days=days)
            _audit(session, "added an account", {"account": name, "role": role})
        _print_link(studio, services.settings, link, f"{name} chooses a password at")


@commands.command()
@studio_command(has_json=True)
def invite(
    studio: Studio,
    role: RoleOption = "labeler",
    dataset: DatasetOption = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The only name that the account can have.")
    ] = None,
    days: DaysOption = 7,
) -> None:
    """Print a link that lets one person make an account.

    \b
    Examples:
      puzzlecam user invite --role labeler --dataset voc
      puzzlecam user invite --role admin --days 1
    """
    from puzzlecam_app.people import joining

    with studio.open() as services:
        with services.database.write() as session:
            dataset_ids = _dataset_ids(session, role, dataset)
            link = joining.invite(session, cast("Role", role), dataset_ids=dataset_ids, name=name, days=days)
            _audit(session, "invited", {"role": role, "datasets": dataset_ids, "account": name})
        _print_link(studio, services.settings, link, "The person makes an account at")


@commands.command()
@studio_command(has_json=True)
def reset(studio: Studio, name: PersonArgument, days: DaysOption = 7) -> None:
    """Print a link with which a person chooses another password. The present one works until then.

    \b
    Examples:
      puzzlecam user reset Ann
    """
    from db.accounts import require_account
    from puzzlecam_app.people.joining import invite_to_reset

    with studio.open() as services:
        with services.database.write() as session:
            account = require_account(session, name)
            link = invite_to_reset(session, account.user_id, days=days)
            _audit(session, "made a link for another password", {"account": account.user.name})
        _print_link(studio, services.settings, link, f"{account.user.name} chooses a password at")


@commands.command()
@studio_command(has_json=True)
def disable(studio: Studio, name: PersonArgument) -> None:
    """Close an account: the person is signed out everywhere at once, and their tokens no longer work.

    \b
    Examples:
      puzzlecam user disable Ann
    """
    from db.accounts import require_account, set_disabled
    from db.sign_ins import end_all

    with studio.write() as session:
        account = require_account(session, name)
        set_disabled(session, account.user_id, is_disabled=True)
        end_all(session, account.user_id)
        _audit(session, "disabled an account", {"account": account.user.name})
    studio.report({"disabled": account.user.name}, f"The account of {account.user.name} is disabled.")


@commands.command()
@studio_command(has_json=True)
def enable(studio: Studio, name: PersonArgument) -> None:
    """Open a disabled account again.

    \b
    Examples:
      puzzlecam user enable Ann
    """
    from db.accounts import require_account, set_disabled

    with studio.write() as session:
        account = require_account(session, name)
        set_disabled(session, account.user_id, is_disabled=False)
        _audit(session, "enabled an account", {"account": account.user.name})
    studio.report({"enabled": account.user.name}, f"The account of {account.user.name} is open again.")


@commands.command()
@studio_command(has_json=True)
def role(
    studio: Studio,
    name: PersonArgument,
    wanted: Annotated[
        str, typer.Argument(metavar="ROLE", help="labeler, reviewer, lead, admin, or none to take it away.")
    ],
    dataset: DatasetOption = None,
) -> None:
    """Give a person a role on datasets, or make them an admin.

    Without --dataset, none takes away the role of an admin.

    \b
    Examples:
      puzzlecam user role Ben lead --dataset voc
      puzzlecam user role Ben none --dataset voc
      puzzlecam user role Ann admin
    """
    from db.accounts import require_account, set_admin
    from db.datasets import require_dataset
    from db.roles import set_role

    if (wanted == "admin") == bool(dataset) and wanted != "none":
        raise UsageError(
            "an admin has all rights on every dataset"
            if dataset
            else f"the role {wanted} is one on a dataset",
            where="--dataset",
            remedy="Leave --dataset out" if dataset else "Name a dataset with --dataset",
        )
    with studio.write() as session:
        account = require_account(session, name)
        for one in dataset or ():
            new = None if wanted == "none" else cast("DatasetRole", wanted)
            set_role(session, account.user_id, require_dataset(session, one).id, new)
        if not dataset:
            set_admin(session, account.user_id, is_admin=wanted == "admin")
        _audit(session, "changed a role", {"account": account.user.name, "role": wanted, "on": dataset})
    where = f" on {', '.join(dataset)}" if dataset else ""
    studio.report(
        {"name": account.user.name, "role": wanted, "datasets": dataset or []},
        f"{account.user.name} now has the role {wanted}{where}.",
    )


@commands.command()
@studio_command(has_json=True)
def token(
    studio: Studio,
    name: PersonArgument,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="What the token is for.")] = "script",
    role: RoleOption = "labeler",
    days: DaysOption = 90,
) -> None:
    """Print a token with which scripts work as a person, with at most the rights of a role.

    It is shown once. Send it with each request: Authorization: Bearer TOKEN

    \b
    Examples:
      puzzlecam user token Ann --role lead --days 30 --label "nightly export"
    """
    from db.accounts import require_account
    from db.api_tokens import create
    from puzzlecam_app.people.tokens import TOKEN_PREFIX, hash_of, new_secret

    secret = new_secret(TOKEN_PREFIX)
    with studio.write() as session:
        account = require_account(session, name)
        made = create(session, hash_of(secret), account.user_id, label, cast("Role", role), days=days)
        _audit(session, "made a token", {"account": account.user.name, "role": role, "token": label})
    studio.report({"token": secret, "expires_at": made.expires_at}, secret)
    say(f"Valid until {made.expires_at:%Y-%m-%d}. It is not shown again.")


@commands.command()
@studio_command(has_json=True)
def log(
    studio: Studio,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Only what this person did.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", metavar="NAME", help="Only what concerns this dataset.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many entries.")] = 50,
) -> None:
    """Show the audit log: who did what, when and from where, the newest first.

    \b
    Examples:
      puzzlecam user log --name Ann --limit 20
      puzzlecam user log --dataset voc --json
    """
    from db import audit
    from db.datasets import require_dataset

    with studio.read() as session:
        ids = None if dataset is None else [require_dataset(session, dataset).id]
        entries = audit.read(session, dataset_ids=ids, name=name, limit=limit)
    if studio.as_json:
        print_json(
            [
                {
                    key: getattr(entry, key)
                    for key in (
                        *("at", "name", "action", "status", "address"),
                        *("dataset_id", "item_id", "run_id", "detail"),
                    )
                }
                for entry in entries
            ]
        )
        return
    print_table(
        ("TIME (UTC)", "NAME", "FROM", "STATUS", "WHAT"),
        [
            (f"{one.at:%Y-%m-%d %H:%M:%S}", one.name or "-", one.address or "-", one.status, one.action)
            for one in entries
        ],
    )


def _dataset_ids(session: Session, role: str, names: Sequence[str] | None) -> list[int]:
    from db.datasets import require_dataset
    from db.role_names import ROLES

    if role not in ROLES:
        raise UsageError(f"{role!r} is not a role", where="--role", remedy=f"Use one of {', '.join(ROLES)}")
    if role != "admin" and not names:
        raise UsageError(
            f"the role {role} is one on a dataset", where="--dataset", remedy="Name a dataset with --dataset"
        )
    return [] if role == "admin" else [require_dataset(session, name).id for name in names or ()]


def _roles_of(person: dict[str, Any]) -> str:
    if person["admin"]:
        return "admin"
    return ", ".join(f"{role} on {name}" for name, role in person["roles"].items()) or "-"


def _print_link(studio: Studio, settings: Settings, link: Link, sentence: str) -> None:
    facts = {"path": settings.root_path + link.path, "expires_at": link.invitation.expires_at}
    studio.report(facts, f"{sentence} the studio's address followed by {settings.root_path}{link.path}")
    say(f"The link works once, until {link.invitation.expires_at:%Y-%m-%d %H:%M} UTC.")


def _audit(session: Session, action: str, detail: dict[str, Any]) -> None:
    from db import audit

    audit.write(session, action, name=None, address="command line", detail=detail)
