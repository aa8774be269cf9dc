"""The one table that says who may use which route; `puzzlecam_app.people.gate` enforces it.

A route that is not in the table is closed to everybody where people have accounts. docs/operators.md shows
the same table; `python -m puzzlecam_app.people.permissions` prints it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from puzzlecam_app.people.person import Least

Kind = Literal["dataset", "item", "run"]
Source = Literal["query", "body"]


@dataclass(frozen=True)
class Named:
    """Where a request names datasets, pictures or runs outside of its path."""

    source: Source
    field: str
    kind: Kind


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes:
        method: the HTTP method. A rule for GET also holds for HEAD.
        path: the path as FastAPI writes it. `{dataset_id}`, `{item_id}` and `{run_id}` say which dataset the
            role must be on; without them, a role on any dataset is enough.
        least: the least role.
        named: what else the request names; the role is needed on these datasets too.
        changes: whether the request changes something, so that it belongs in the audit log.
    """

    method: str
    path: str
    least: Least
    named: tuple[Named, ...] = ()
    changes: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of the rule."""
        parts = re.split(r"(\{\w+(?::path)?\})", self.path)
        return re.compile("".join(_pattern_of(part) for part in parts))

    @property
    def rank(self) -> tuple[bool, int]:
        """Sorts a path with fewer parameters before one that also matches it."""
        return ":path}" in self.path, self.path.count("{")


def _pattern_of(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name, _, kind = part[1:-1].partition(":")
    return f"(?P<{name}>{'.*' if kind == 'path' else '[^/]+'})"


_IN_BODY: Final = Named("body", "dataset_id", "dataset")
_PAGES: Final[tuple[tuple[str, str, Least], ...]] = (
    ("GET", "/", "person"),
    ("GET", "/gallery", "person"),
    ("GET", "/datasets", "lead"),
    ("GET", "/lab", "reviewer"),
    ("GET", "/runs", "reviewer"),
    ("GET", "/export", "lead"),
    ("GET", "/team", "labeler"),
    ("GET", "/people", "lead"),
    ("GET", "/account", "person"),
    ("GET", "/login", "anyone"),
    ("POST", "/login", "anyone"),
    ("GET", "/logout", "person"),
    ("POST", "/logout", "person"),
    ("GET", "/join/{secret}", "anyone"),
    ("POST", "/join/{secret}", "anyone"),
)


def _rules() -> Iterator[Rule]:
    yield from _pages()
    yield from _people()
    yield from _datasets()
    yield from _classes()
    yield from _dataset_names()
    yield from _tag_lists()
    yield from _uploads()
    yield from _exports()
    yield from _gallery()
    yield from _items()
    yield from _team()
    yield from _lab()
    yield from _runs()


def _pages() -> Iterator[Rule]:
    for method, path, least in _PAGES:
        yield Rule(method, path, least)
        if path.count("/") == 1 and path != "/" and method == "GET":
            yield Rule(method, f"{path}/", least)
    for path in ("/ui", "/static", "/assets", "/svelte"):
        yield Rule("GET", f"{path}/{{path:path}}", "anyone")
    for path in ("/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/pwa_icon"):
        yield Rule("GET", path, "anyone")
    yield Rule("GET", "/pwa_icon/{size}", "anyone")
    yield Rule("GET", "/config", "person")
    yield Rule("GET", "/config/", "person")
    # The role that an event of a page needs is that of its page.
    yield Rule("GET", "/gradio_api/{path:path}", "person")
    yield Rule("POST", "/gradio_api/{path:path}", "person")


def _people() -> Iterator[Rule]:
    # The provider of OpenID Connect sends people here who are not signed in yet.
    yield Rule("GET", "/login/openid", "anyone")
    yield Rule("GET", "/login/openid/back", "anyone")
    yield Rule("GET", "/api/health", "anyone")
    yield Rule("GET", "/metrics", "reviewer")
    yield Rule("GET", "/api/openapi.json", "person")
    yield Rule("GET", "/api/session", "person")
    yield Rule("POST", "/api/session", "person")
    yield Rule("GET", "/api/preferences", "person")
    yield Rule("PUT", "/api/preferences", "person")
    yield Rule("GET", "/api/people", "lead")
    invited_to = Named("body", "dataset_ids", "dataset")
    yield Rule("POST", "/api/people/invitations", "lead", (invited_to,), changes=True)
    yield Rule("DELETE", "/api/people/invitations/{invitation_id}", "lead", changes=True)
    yield Rule("PUT", "/api/datasets/{dataset_id}/people", "lead", changes=True)
    yield Rule("PUT", "/api/people/{user_id}/admin", "admin", changes=True)
    for path in ("disable", "enable", "reset", "sign-out"):
        yield Rule("POST", f"/api/people/{{user_id}}/{path}", "admin", changes=True)
    yield Rule("GET", "/api/audit", "lead", (Named("query", "dataset_id", "dataset"),))
    yield Rule("GET", "/api/account", "person")
    for path in ("password", "sign-out", "tokens"):
        yield Rule("POST", f"/api/account/{path}", "person", changes=True)
    yield Rule("POST", "/api/account/identities", "person")
    yield Rule("POST", "/api/account/identities/unlink", "person", changes=True)
    yield Rule("DELETE", "/api/account/sign-ins/{sign_in_id}", "person", changes=True)
    yield Rule("DELETE", "/api/account/tokens/{token_id}", "person", changes=True)


def _datasets() -> Iterator[Rule]:
    yield Rule("GET", "/api/datasets", "person")
    for path in ("items", "progress", "live"):
        yield Rule("GET", f"/api/datasets/{{dataset_id}}/{path}", "labeler")
    for path in ("ignore", "unignore"):
        yield Rule("POST", f"/api/datasets/{{dataset_id}}/live/{path}", "reviewer", changes=True)
    for path in ("pause", "resume", "reset"):
        yield Rule("POST", f"/api/datasets/{{dataset_id}}/live/{path}", "lead", changes=True)


def _uploads() -> Iterator[Rule]:
    # An upload belongs to the person who began it; the routes show it to nobody else.
    one = "/api/uploads/{upload_id}"
    yield Rule("GET", "/api/uploads", "lead")
    yield Rule("POST", "/api/uploads", "lead", (_IN_BODY,), changes=True)
    yield Rule("GET", one, "lead")
    yield Rule("PUT", f"{one}/files", "lead")
    yield Rule("POST", f"{one}/import", "lead", changes=True)
    yield Rule("DELETE", one, "lead", changes=True)


def _tag_lists() -> Iterator[Rule]:
    tags = "/api/datasets/{dataset_id}/tags"
    yield Rule("POST", f"{tags}/preview", "lead")
    yield Rule("POST", tags, "lead", changes=True)
    yield Rule("GET", f"{tags}/work", "lead")


def _exports() -> Iterator[Rule]:
    exports = "/api/datasets/{dataset_id}/exports"
    yield Rule("GET", exports, "lead")
    yield Rule("POST", exports, "lead", changes=True)
    yield Rule("GET", f"{exports}/{{name}}/zip", "lead")
    yield Rule("DELETE", f"{exports}/{{name}}", "lead", changes=True)


def _gallery() -> Iterator[Rule]:
    gallery = "/api/datasets/{dataset_id}/gallery"
    yield Rule("GET", gallery, "labeler")
    yield Rule("POST", f"{gallery}/rows", "labeler")
    # What somebody may do to a picture, they may do to many; every picture must be of this dataset.
    yield Rule("GET", f"{gallery}/actions", "labeler")
    yield Rule("POST", f"{gallery}/actions", "labeler", changes=True)
    yield Rule("POST", f"{gallery}/actions/undo", "labeler", changes=True)
    yield Rule("POST", f"{gallery}/split", "lead", changes=True)


def _dataset_names() -> Iterator[Rule]:
    yield Rule("GET", "/api/datasets/removed", "lead")
    yield Rule("PUT", "/api/datasets/{dataset_id}/name", "lead", changes=True)
    for path in ("archive", "remove", "restore", "unarchive"):
        yield Rule("POST", f"/api/datasets/{{dataset_id}}/{path}", "lead", changes=True)


def _classes() -> Iterator[Rule]:
    classes = "/api/datasets/{dataset_id}/classes"
    yield Rule("GET", classes, "labeler")
    yield Rule("PUT", classes, "lead", changes=True)
    yield Rule("POST", f"{classes}/{{class_index}}/impact", "lead")
    yield Rule("POST", f"{classes}/{{class_index}}/retire", "lead", changes=True)
    yield Rule("POST", f"{classes}/changes/{{change_id}}/undo", "lead", changes=True)


def _items() -> Iterator[Rule]:
    for path in (
        *("", "/cams", "/image", "/mask", "/objects", "/place", "/revisions", "/superpixels"),
        *("/tags/suggestions", "/thumbnail"),
    ):
        yield Rule("GET", f"/api/items/{{item_id}}{path}", "labeler")
    for method in ("PUT", "DELETE"):
        yield Rule(method, "/api/items/{item_id}/bookmark", "labeler")
    yield Rule("GET", "/api/items/{item_id}/mask-hints", "labeler")
    yield Rule("POST", "/api/items/{item_id}/mask-hints", "labeler", changes=True)
    for path in ("/refine", "/refine/prepare"):
        yield Rule("POST", f"/api/items/{{item_id}}{path}", "labeler")
    yield Rule("POST", "/api/items/prefetch", "labeler", (Named("body", "items", "item"),))
    yield Rule("PUT", "/api/items/{item_id}/mask", "labeler", changes=True)
    yield Rule("POST", "/api/items/{item_id}/decision", "labeler", changes=True)
    yield Rule("POST", "/api/items/{item_id}/tags", "labeler", changes=True)


def _team() -> Iterator[Rule]:
    for path in ("/lease", "/lease/release"):
        yield Rule("POST", f"/api/items/{{item_id}}{path}", "labeler")
    dataset = "/api/datasets/{dataset_id}"
    yield Rule("POST", f"{dataset}/next", "labeler")
    yield Rule("GET", f"{dataset}/team", "labeler")
    yield Rule("POST", f"{dataset}/assignments", "lead", changes=True)
    yield Rule("POST", f"{dataset}/assignments/take", "labeler", changes=True)
    yield Rule("POST", f"{dataset}/assignments/take-back", "lead", changes=True)
    yield Rule("GET", f"{dataset}/agreement", "lead")
    yield Rule("GET", f"{dataset}/agreement.csv", "lead")
    yield Rule("GET", "/api/items/{item_id}/agreement/picture", "lead")
    yield Rule("POST", "/api/items/{item_id}/agreement/consensus", "lead", changes=True)
    yield Rule("GET", f"{dataset}/gold", "lead")
    yield Rule("POST", f"{dataset}/gold", "lead", changes=True)
    yield Rule("POST", f"{dataset}/gold/give", "lead", changes=True)
    yield Rule("DELETE", "/api/items/{item_id}/gold", "lead", changes=True)
    yield Rule("GET", f"{dataset}/work", "labeler")
    yield Rule("GET", f"{dataset}/work.csv", "labeler")
    yield Rule("GET", f"{dataset}/work/classes.csv", "lead")
    yield Rule("GET", f"{dataset}/second-look", "labeler")
    yield Rule("PUT", f"{dataset}/second-look", "lead", changes=True)
    yield Rule("GET", "/api/items/{item_id}/second-look", "labeler")
    yield Rule("POST", "/api/items/{item_id}/second-look", "reviewer", changes=True)
    yield Rule("POST", "/api/items/{item_id}/comments", "labeler", changes=True)
    yield Rule("POST", "/api/items/{item_id}/comments/{comment_id}/resolve", "labeler", changes=True)


def _lab() -> Iterator[Rule]:
    for path in ("", "/explain", "/first", "/models", "/puzzle", "/side"):
        yield Rule("GET", f"/api/items/{{item_id}}/lab{path}", "reviewer")
    for path in ("ahead", "arrays", "mask"):
        yield Rule("POST", f"/api/items/{{item_id}}/lab/{path}", "reviewer")
    for path in (
        *("classes/{index}", "compare", "confusion.csv", "pictures.csv", "points", "rows", "scale"),
        *("sources", "survey"),
    ):
        yield Rule("GET", f"/api/datasets/{{dataset_id}}/lab/{path}", "reviewer")
    for path in ("compare", "scale", "survey"):
        yield Rule("POST", f"/api/datasets/{{dataset_id}}/lab/{path}", "reviewer")


def _runs() -> Iterator[Rule]:
    yield Rule("GET", "/api/runs", "reviewer")
    yield Rule("GET", "/api/runs/offers", "reviewer")
    yield Rule("GET", "/api/runs/form/settings", "reviewer")
    yield Rule("GET", "/api/runs/form/supervision", "reviewer", (Named("query", "dataset_id", "dataset"),))
    yield Rule("GET", "/api/runs/compare/side-by-side", "reviewer", (Named("query", "ids", "run"),))
    for path in (
        *("", "/curves", "/curves.csv", "/log", "/pictures", "/pictures/{item_id}/{output}", "/publish"),
        *("/publish/preview", "/film/{epoch}/{number}", "/figures", "/figures/{name}.{suffix}"),
    ):
        yield Rule("GET", f"/api/runs/{{run_id}}{path}", "reviewer")
    yield Rule("POST", "/api/runs/{run_id}/figures", "reviewer")
    yield Rule("POST", "/api/runs/{run_id}/publish/preview", "lead")
    yield Rule("POST", "/api/runs/form/estimate", "lead", (_IN_BODY,))
    yield Rule("POST", "/api/runs", "lead", (_IN_BODY, Named("body", "cloned_from", "run")), changes=True)
    for path in ("publish", "unpublish", "stop", "resume", "name"):
        yield Rule("POST", f"/api/runs/{{run_id}}/{path}", "lead", changes=True)
    yield Rule("DELETE", "/api/runs/{run_id}", "lead", changes=True)
    yield Rule("GET", "/api/runs/storage", "lead")
    yield Rule("POST", "/api/runs/reorder", "admin", changes=True)
    yield Rule("POST", "/api/runs/prune", "admin", changes=True)


RULES: Final[tuple[Rule, ...]] = tuple(_rules())
_BY_RANK: Final = sorted(RULES, key=lambda rule: rule.rank)


PAGES: Final = ("", "gallery", "datasets", "lab", "runs", "export", "team", "people", "account")
"""The Gradio pages, by their paths."""


def rule_of(method: str, path: str) -> tuple[Rule, dict[str, str]] | None:
    """Return the rule for a request and the parameters in its path; None if there is none.

    Args:
        method: The HTTP method.
        path: The path below the studio's root.
    """
    wanted = "GET" if method == "HEAD" else method
    for rule in _BY_RANK:
        if rule.method == wanted and (match := rule.pattern.fullmatch(path)):
            return rule, match.groupdict()
    return None


def rule_of_route(method: str, path: str) -> Rule | None:
    """Return the rule for a route as FastAPI writes it, such as `/api/items/{item_id}`."""
    return next((rule for rule in RULES if (rule.method, rule.path) == (method, path)), None)


def page_rule(page: str) -> Rule | None:
    """Return the rule of a Gradio page: `""` for the first one, else the path without a slash."""
    return rule_of_route("GET", f"/{page}")


def table() -> str:
    """Return the table as docs/operators.md shows it, without the files and internal routes of pages."""
    lines = ["| Request | Least role | Audit log |", "| --- | --- | --- |"]
    for rule in sorted(RULES, key=lambda rule: (rule.path, rule.method)):
        if rule.path.startswith("/api/") or rule.path == "/metrics":
            lines.append(f"| `{rule.method} {rule.path}` | {rule.least} | {'yes' if rule.changes else ''} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
