"""The plain pages around signing in: they work without scripts, and before anybody is signed in."""

from __future__ import annotations

from html import escape
from typing import Final

from puzzlecam_app.people.passwords import SHORTEST

_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>{title} · Puzzle-CAM studio</title>
<meta name="viewport" content="width=device-width"><style>
:root{{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--ink:#1c2230;--line:#8b93a5;--soft:#4a5468;
--alert:#b3261e}}
@media (prefers-color-scheme:dark){{:root{{--page:#0b0f19;--card:#151b2b;--ink:#e8ebf2;--line:#5d677d;
--soft:#a9b2c5;--alert:#ffb4ab}}}}
body{{font:16px/1.45 system-ui,sans-serif;display:grid;place-items:center;min-height:100vh;margin:0;
padding:16px;box-sizing:border-box;background:var(--page);color:var(--ink)}}
form{{background:var(--card);padding:32px;border-radius:12px;width:min(340px,100%);box-sizing:border-box;
box-shadow:0 8px 30px #0002}}
h1{{font-size:20px;margin:0 0 4px}}p{{margin:8px 0;color:var(--soft)}}p[role=alert]{{color:var(--alert)}}
label{{display:block;margin-top:14px}}
input,button{{font:inherit;width:100%;box-sizing:border-box;padding:10px;border-radius:8px;margin-top:4px}}
input{{border:1px solid var(--line);background:var(--page);color:var(--ink)}}
button{{background:#1d4ed8;color:#fff;border:0;margin-top:20px;cursor:pointer}}
a.go{{display:block;text-align:center;text-decoration:none;border:1px solid var(--line);border-radius:8px;
padding:10px;margin-top:14px}}
:focus-visible{{outline:3px solid #60a5fa;outline-offset:2px}}a{{color:inherit}}
</style></head><body><form method="post"><h1>{title}</h1>{alert}{body}</form></body></html>"""


def sign_in_form(*, alert: str = "", name: str = "", provider: str = "", provider_address: str = "") -> str:
    """Return the page that asks for name and password, and leads to the provider of OpenID Connect."""
    link = f'<p><a class="go" href="{escape(provider_address)}">Sign in with {escape(provider)}</a></p>'
    body = (
        (link if provider else "")
        + _field("name", "Name", "text", "username", value=name, is_first=not name)
        + _field("password", "Password", "password", "current-password", is_first=bool(name))
        + "<button>Sign in</button>"
        + "<p>Forgotten? A lead or an admin can make a link with which you choose another password.</p>"
    )
    return _page("Sign in", body, alert)


def join_form(
    *, role: str, datasets: list[str], fixed_name: str | None, alert: str = "", name: str = ""
) -> str:
    """Return the page of an invitation: its reader chooses a name and a password."""
    where = f" on {escape(', '.join(datasets))}" if datasets else ""
    article = "an" if role == "admin" else "a"
    body = f"<p>You are invited as {article} {escape(role)}{where}.</p>"
    if fixed_name is None:
        body += _field("name", "Your name, as others see it", "text", "username", value=name, is_first=True)
    else:
        body += f"<p>Your name in the studio is <strong>{escape(fixed_name)}</strong>.</p>"
        body += _hidden_name(fixed_name)
    body += _new_passwords(is_first=fixed_name is not None) + "<button>Join</button>"
    return _page("Join the studio", body, alert)


def new_password_form(*, name: str, alert: str = "") -> str:
    """Return the page on which the owner of an account chooses another password."""
    body = (
        f"<p>Choose another password for <strong>{escape(name)}</strong>. You are then signed out in all "
        "other browsers.</p>" + _hidden_name(name) + _new_passwords(is_first=True) + "<button>Save</button>"
    )
    return _page("Another password", body, alert)


def provider_problem_page(sentence: str, sign_in_address: str) -> str:
    """Return what somebody sees whom the provider of OpenID Connect did not let in."""
    body = f'<p><a href="{escape(sign_in_address)}">Sign in</a></p>'
    return _page("You are not signed in", body, sentence)


def not_linked_page(sentence: str, account_address: str) -> str:
    """Return what somebody sees whose account could not be linked to an identity at the provider."""
    body = f'<p><a href="{escape(account_address)}">Back to your account</a></p>'
    return _page("Nothing was linked", body, sentence)


def signed_out_page(provider: str, address: str, sign_in_address: str) -> str:
    """Return the page after signing out, for people who may still be signed in at the provider."""
    body = (
        f"<p>You may still be signed in at {escape(provider)}, so that one click signs in here again.</p>"
        f'<p><a href="{escape(address)}">Sign out at {escape(provider)} too</a></p>'
        f'<p><a href="{escape(sign_in_address)}">Sign in</a></p>'
    )
    return _page("You are signed out", body, "")


def used_link_page() -> str:
    """Return the page of a link that no longer works."""
    return _page(
        "This link no longer works",
        "<p>It was used, or it is too old. Ask the person who sent it for a new one.</p>"
        '<p><a href="../login">Sign in</a></p>',
        "",
    )


def closed_page(needed: str) -> str:
    """Return what somebody sees who may not open a page.

    Args:
        needed: The role that it needs, as in "the role of a lead".
    """
    return _page(
        "This page is closed to you",
        f"<p>It needs {escape(needed)}. Ask a lead or an admin.</p>"
        '<p><a href="./">Back to the studio</a></p>',
        "",
    )


def sign_out_form(name: str) -> str:
    """Return the page that asks whether to sign out."""
    body = (
        f"<p>{escape(name)}, do you want to sign out in this browser? Work that has not been sent yet stays "
        'in the browser.</p><button>Sign out</button><p><a href="./">Back to the studio</a></p>'
    )
    return _page("Sign out", body, "")


def _page(title: str, body: str, alert: str) -> str:
    shown = f'<p role="alert">{escape(alert)}</p>' if alert else ""
    return _PAGE.format(title=escape(title), alert=shown, body=body)


def _field(
    name: str, label: str, kind: str, autocomplete: str, *, value: str = "", is_first: bool = False
) -> str:
    focus = " autofocus" if is_first else ""
    return (
        f'<label>{label}<input name="{name}" type="{kind}" autocomplete="{autocomplete}" required '
        f'value="{escape(value)}"{focus}></label>'
    )


def _new_passwords(*, is_first: bool) -> str:
    return _field(
        "password",
        f"Password of at least {SHORTEST} characters",
        "password",
        "new-password",
        is_first=is_first,
    ) + _field("again", "The same password again", "password", "new-password")


def _hidden_name(name: str) -> str:
    # So that password managers know whose password it is.
    return f'<input type="hidden" name="name" autocomplete="username" value="{escape(name)}">'
