"""The files for hosts name only what there is: commands, settings, and what the image is built from."""

import re
import socket
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from app.alive import is_alive
from app.cli import main
from app.settings import environment_names

ROOT = Path(__file__).parents[1]
HOST_FILES = ("Dockerfile", "compose.yaml", "fly.toml", "render.yaml")
GUIDES = ("docs/deploy.md", "docs/operate.md")
OF_HOSTS = {"POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "PYTHONUNBUFFERED", "PATH"}


def read(name: str) -> str:
    """A file of the project."""
    return (ROOT / name).read_text()


def keys_of(node: Any) -> Iterator[str]:
    """Every name of a setting in a host's file."""
    if isinstance(node, list):
        for one in node:
            yield from keys_of(one)
    if isinstance(node, dict):
        for name, inner in node.items():
            if name in ("environment", "env"):
                yield from inner
            elif name == "key":
                yield str(inner)
            else:
                yield from keys_of(inner)


@pytest.mark.parametrize("name", HOST_FILES)
def test_a_host_is_told_only_commands_that_there_are(name: str) -> None:
    text = re.sub(r"^ *#.*$", "", read(name), flags=re.M)
    named = re.findall(r"(?<![\w/])backline ([a-z-]+)$", text, re.M)
    named += re.findall(r"= \"backline ([a-z-]+)\"", text)
    named += re.findall(r"\"backline\", \"([a-z-]+)\"", text)

    assert named
    assert set(named) <= set(main.commands)


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_names_only_commands_and_settings_that_there_are(name: str) -> None:
    text = read(name)
    commands = {found.split()[0] for found in re.findall(r"`backline ([a-z][a-z -]*)", text)}
    known = set(environment_names().values()) | OF_HOSTS
    settings = set(re.findall(r"`([A-Z]{2,}(?:_[A-Z]+)+)`", text))

    assert commands
    assert commands <= set(main.commands)
    assert settings <= known, settings - known


@pytest.mark.parametrize("name", ["compose.yaml", "render.yaml", "fly.toml"])
def test_a_host_is_told_only_settings_that_there_are(name: str) -> None:
    text = read(name)
    told = tomllib.loads(text) if name.endswith(".toml") else yaml.safe_load(text)

    assert set(keys_of(told)) - OF_HOSTS <= set(environment_names().values())


@pytest.mark.parametrize("name", ["compose.yaml", "render.yaml", "fly.toml"])
def test_a_host_runs_every_process_of_the_procfile(name: str) -> None:
    processes = [line.split(": ", 1)[1] for line in read("Procfile").splitlines()]
    text = read(name).replace('["backline", "', "backline ").replace('"]', "")

    assert [process for process in processes if process not in text] == []


def test_the_image_is_built_from_files_that_there_are_and_runs_as_nobody_special() -> None:
    text = read("Dockerfile")
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M)
    copied = [word for line in lines for word in line.split()]

    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {f"!{name}" for name in copied} <= set(read(".dockerignore").splitlines())
    user = re.search(r"--uid (\d+)", text)
    assert user is not None
    assert text.rindex(f"USER {user[1]}") > text.rindex("RUN ")


def test_the_health_check_tells_an_answer_from_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        thread = threading.Thread(target=_answer_once, args=(listener,))
        thread.start()
        assert is_alive(port)
        thread.join()
    assert not is_alive(port)


def _answer_once(listener: socket.socket) -> None:
    client, _ = listener.accept()
    with client:
        client.recv(4096)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_where_the_stand_ins_are_not_installed_a_command_says_how_to_get_them(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing: Any = None  # what Python keeps for a module that must not be imported
    monkeypatch.setitem(sys.modules, "graphql", missing)

    result = CliRunner().invoke(main, [command])

    assert result.exit_code == 1
    assert "pip install -c constraints.txt -e '.[demo]'" in result.output
