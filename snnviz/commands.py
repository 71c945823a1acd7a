"""The command line: the same designs, store and runs as the pages.

Bad input ends with exit code 2 and one line on stderr; a run that failed or was cancelled with exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

import click

from snnviz import __version__, cli
from snnviz.errors import SnnvizError
from snnviz.tasks import KINDS, study_packages


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(__version__, prog_name="snnviz")
def commands() -> None:
    """Design, train and understand spiking neural networks."""


def _modules() -> Iterator[ModuleType]:
    """The general commands, and those of the studies: the module `command` of a folder, or what is in that package."""
    KINDS.names  # noqa: B018 (ends the process by a sentence where a host named what is no study)
    theirs = [f"{folder}.command" for folder in study_packages()]
    for room in (cli, *(import_module(name) for name in theirs if find_spec(name))):
        yield room
        for found in iter_modules(getattr(room, "__path__", ())):
            yield import_module(f"{room.__name__}.{found.name}")


_found = [each for module in _modules() for each in vars(module).values() if isinstance(each, click.Command)]
_inside = [each for group in _found if isinstance(group, click.Group) for each in group.commands.values()]
for _command in _found:
    if _command not in _inside:  # `data show` is not `show`
        commands.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line; errors become one line on stderr and exit code 2."""
    try:
        commands.main(args=arguments, prog_name="python -m snnviz", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        click.echo(" ".join(error.format_message().split()).rstrip(".") + hint, err=True)
        sys.exit(2)
    except SnnvizError as error:
        click.echo(" ".join(str(error).split()), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
