"""Dockerfile and compose.yaml name commands, settings, files and services that exist; no image is built."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from puzzlecam_app.cli import commands
from puzzlecam_app.people.permissions import rule_of
from puzzlecam_app.settings import Settings, environment_variable

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
PROXY: str = COMPOSE["configs"]["proxy"]["content"]
STUDIOS = ("studio-a", "studio-b")


def stages() -> list[list[tuple[str, str]]]:
    """Instructions and arguments of each stage of the Dockerfile."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    found: list[list[tuple[str, str]]] = []
    for line in filter(None, joined.splitlines()):
        instruction, _, arguments = line.partition(" ")
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, arguments.strip()))
    return found


def of(stage: list[tuple[str, str]], instruction: str) -> list[str]:
    return [arguments for name, arguments in stage if name == instruction]


def test_every_setting_that_the_files_name_exists() -> None:
    known = {environment_variable(field) for field in Settings.model_fields}
    services = COMPOSE["services"].values()
    named = {name for one in services for name in one.get("environment", {}) if name.startswith("PUZZLECAM")}
    named |= set(re.findall(r"\b(PUZZLECAM_[A-Z_]+)=", DOCKERFILE))
    assert named
    assert named <= known


def test_the_settings_of_the_image_are_accepted() -> None:
    image = dict(re.findall(r"\b(PUZZLECAM_[A-Z_]+)=(\S+)", DOCKERFILE))
    for name in STUDIOS:
        settings = Settings.load(image | COMPOSE["services"][name]["environment"])
        assert settings.has_accounts
        assert settings.log_format == "json"
        assert not settings.open_browser


def test_the_image_has_no_compiler_and_does_not_run_as_root() -> None:
    build, image = stages()
    assert "g++" in " ".join(of(build, "RUN"))
    assert not re.search(r"g\+\+|gcc|build-essential|python3-dev", " ".join(of(image, "RUN")))
    (user,) = of(image, "USER")
    assert user.isdigit()
    assert int(user) > 0
    assert f"--uid {user} " in " ".join(of(image, "RUN"))
    names = [name for name, _ in image]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_what_is_copied_exists_and_is_sent_to_the_builder() -> None:
    copied = [source for one in of(stages()[0], "COPY") for source in one.split()[:-1]]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}/**" in ignored or f"!{source}" in ignored
    assert ignored[0] == "**"


def test_the_extras_of_the_image_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    (named,) = re.findall(r'"\.\[([\w,]+)\]"', DOCKERFILE)
    assert set(named.split(",")) <= set(extras)


def test_the_image_looks_at_the_health_of_the_studio() -> None:
    (check,) = of(stages()[1], "HEALTHCHECK")
    command = yaml.safe_load(check[check.index("[") :])
    compile(command[2], "healthcheck", "exec")
    (path,) = re.findall(r"'(/api/\S+?)'", command[2])
    found = rule_of("GET", path)
    assert found is not None
    assert found[0].least == "anyone"


@pytest.mark.parametrize("name", STUDIOS)
def test_the_commands_of_the_services_are_understood(name: str) -> None:
    command, *arguments = COMPOSE["services"][name]["command"]
    known: Any = get_command(commands)
    known.commands[command].make_context(command, arguments)


def test_both_studios_share_database_and_workspace_and_one_has_the_worker() -> None:
    first, second = (COMPOSE["services"][name] for name in STUDIOS)
    url = "PUZZLECAM_DATABASE_URL"
    assert first["environment"][url] == second["environment"][url]
    assert first["volumes"] == second["volumes"]
    assert first["command"] == second["command"]
    assert second["environment"]["PUZZLECAM_WORKER"] == "false"
    assert "PUZZLECAM_WORKER" not in first["environment"]


def test_the_proxy_serves_the_sub_path_and_is_trusted() -> None:
    command = COMPOSE["services"]["studio-a"]["command"]
    root_path = command[command.index("--root-path") + 1]
    assert f"location {root_path}/ {{" in PROXY
    assert [f"server {name}:7860;" in PROXY for name in STUDIOS] == [True, True]
    (subnet,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    for name in STUDIOS:
        assert COMPOSE["services"][name]["environment"]["PUZZLECAM_TRUSTED_PROXIES"] == subnet["subnet"]
    # Compose would replace a single dollar sign.
    assert re.search(r"(?<!\$)\$(?!\$)", PROXY) is None
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"]["proxy"]["ports"])


def test_what_the_services_wait_for_and_mount_exists() -> None:
    services = COMPOSE["services"]
    for one in services.values():
        for other in one.get("depends_on", {}):
            assert "healthcheck" in services[other] or other in STUDIOS  # those have the image's own
        for mount in one.get("volumes", []):
            assert mount.split(":")[0] in COMPOSE["volumes"]
        for config in one.get("configs", []):
            assert config["source"] in COMPOSE["configs"]


def test_the_database_has_the_version_of_the_images_pg_dump() -> None:
    """Debian bookworm packages the client of PostgreSQL 15, and pg_dump refuses a newer server."""
    assert DOCKERFILE.count("-slim-bookworm") == 2
    assert COMPOSE["services"]["database"]["image"] == "postgres:15-bookworm"


def test_the_studios_keep_masks_and_runs_in_the_bucket_of_the_s3_server() -> None:
    storage, studio = COMPOSE["services"]["storage"], COMPOSE["services"]["studio-a"]
    environment = studio["environment"]
    assert environment["AWS_ENDPOINT_URL"] == "http://storage:7070"
    assert environment["AWS_ACCESS_KEY_ID"] == storage["environment"]["ROOT_ACCESS_KEY_ID"]
    (password,) = re.findall(r"\$\{(\w+)", storage["environment"]["ROOT_SECRET_ACCESS_KEY"])
    assert environment["AWS_SECRET_ACCESS_KEY"] == f"${{{password}}}"
    (volume,) = storage["volumes"]
    folder = storage["command"][-1]
    bucket = volume.split(":")[1].removeprefix(f"{folder}/")
    for name in STUDIOS:
        settings = Settings.load(COMPOSE["services"][name]["environment"])
        assert settings.masks_url == f"s3://{bucket}/masks"
        assert settings.runs_url == f"s3://{bucket}/runs"
