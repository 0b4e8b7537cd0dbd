"""Reads the web configuration file, and reports everything that is wrong with it at once."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from pydantic import ValidationError

from leverwatch.agent.config.explain import explain
from leverwatch.agent.config.problem import ABSENT, SECRET, Problem, Steps, show_problem
from leverwatch.agent.config.read_yaml import read_document
from leverwatch.agent.config.schema import known_keys
from leverwatch.agent.config.web_models import WebFile
from leverwatch.agent.config.web_tls import CertificateRefused, refused_files, server_context
from leverwatch.agent.config.yaml_positions import Document
from leverwatch.agent.errors import ConfigError

_TLS = "tls_server_config"
_USERS = "basic_auth_users"


@dataclass(frozen=True, slots=True)
class LoadedWebFile:
    """A valid web configuration."""

    config: WebFile
    context: ssl.SSLContext | None
    """The TLS context; None: plain HTTP."""
    files: tuple[Path, ...]
    """The file itself and the certificates that were read with it."""


def load_web_file(path: Path) -> LoadedWebFile:
    """Read and check one file and the certificates that it names; relative paths start at its folder.

    Raises:
        ConfigError: it cannot be used; holds every problem, and no secret.
    """
    document = read_document(path)
    if not isinstance(document.data, dict):
        reason = (
            "is empty; write {} for no protection" if document.data is None else "must be a mapping of sections"
        )
        raise ConfigError((show_problem(Problem((), reason), str(path), document.line_of(())),))
    problems = list(document.problems)
    context, refused = None, list[CertificateRefused]()
    try:
        config = WebFile.model_validate(document.data)
        if config.tls_server_config is not None:
            refused = refused_files(config.tls_server_config, path.parent)
            context = None if refused else server_context(config.tls_server_config, path.parent)
    except ValidationError as error:
        known = {problem.steps for problem in problems}
        found = explain(error.errors(include_url=False), document.data, lambda steps: _keys(document, steps))
        problems += [problem for problem in found if problem.steps not in known]
    except CertificateRefused as error:
        refused = [error]
    problems += [Problem((_TLS, one.key), str(one), document.data[_TLS][one.key]) for one in refused]
    if problems:
        raise ConfigError(tuple(_shown(problem, path, document) for problem in _in_order(problems, document)))
    return LoadedWebFile(config, context, _files(config, path))


def _files(config: WebFile, path: Path) -> tuple[Path, ...]:
    tls = config.tls_server_config
    named = () if tls is None else (tls.cert_file, tls.key_file, tls.client_ca_file)
    return (path, *(path.parent / name for name in named if name is not None))


def _keys(document: Document, steps: Steps) -> tuple[str, ...]:
    return known_keys(WebFile.model_json_schema(), document.data, steps)


def _in_order(problems: list[Problem], document: Document) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line or document.line_of(problem.steps))


def _shown(problem: Problem, path: Path, document: Document) -> str:
    if problem.steps[:1] == (_USERS,) and problem.got is not ABSENT:
        # What stands there may be the password itself.
        problem = replace(problem, got=SECRET)
    return show_problem(problem, str(path), problem.line or document.line_of(problem.steps))
