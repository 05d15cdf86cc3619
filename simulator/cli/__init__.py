"""The command line: one thin module a command, imported when it is used, so that `em --help` answers at once."""

from __future__ import annotations

import importlib
import keyword
import os
import sys

import click

from simulator import __version__
from simulator.errors import EmError

COMMANDS = {
    "plan": "Estimate size, time and cost of a data set; no model is called.",
    "simulate": "Play one session and show it.",
    "generate": "Play, filter and record sessions until a goal is met.",
    "resume": "Continue a run that stopped.",
    "status": "Progress of a run, compared with its quotas.",
    "runs": "List the runs.",
    "show": "One session of a run: transcript, reasons, verdict; or a table of all.",
    "replay": "Play a recorded session again, with its timing.",
    "log": "Search a run: messages, rejections, refused tries, model calls.",
    "check": "Run the filters on any documents; no model needed.",
    "stats": "Diversity and realism of a run, or of any documents.",
    "report": "A run, or two side by side, as one HTML page that opens offline.",
    "review": "Read, judge and mend sessions on a page, by keyboard.",
    "mark": "Say that a session, or a message of it, is bad or good; bad ones are not exported.",
    "write": "Write sessions by hand, on sheets that are checked and recorded.",
    "export": "Write a run's kept sessions as training files.",
    "train": "Train the lead's LoRA on an exported corpus.",
    "adapters": "List, show, promote, roll back, merge and convert trained adapters.",
    "evaluate": "Score a trained lead by the five criteria of the brief.",
    "import": "Read logs of a real channel into a run.",
    "personas": "Draft persona cards from people of a real channel who agreed.",
    "join": "Connect the lead to a channel of a real IRC server.",
    "stage": "Start a local IRC server with simulated users and the lead.",
    "gaps": "How the lead's behaviour in a real channel differs from the brief, and what to change.",
    "world": "Validate and describe personas, scenarios and policies.",
    "init": "Copy the shipped world into a folder for editing.",
    "new": "Write a stub of a card, a script or a topic group, to be filled in.",
    "demo": "Three short sessions on the embedded model, played, filtered, exported.",
}
"""Name and one line of help, in the order in which a newcomer meets them."""

NEIGHBOURS = {"resume": "generate", "demo": "generate", "runs": "status", "import": "import_"}
"""Commands that do not stand in a module of their own name, and the module."""

INTERRUPTED = 130


class _Lazy(click.Group):
    """Knows its commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now; None: there is none."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"simulator.cli.{NEIGHBOURS.get(name, name)}")
        command: click.Command = getattr(module, f"{name}_" if keyword.iskeyword(name) else name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="em")
def em() -> None:
    """Simulate IRC channels, to train an AI that is a member of a community and not an assistant.

    Every synthetic user is an agent with its own card. The engagement level sets how many of the messages are by the
    character to be trained, the lead. Sessions are recorded, filtered and exported as training documents.

    Exit codes: 0 done, 1 not met, 2 wrong usage or content, 3 provider, disk or budget stop, 130 interrupted.
    """


def _hush() -> None:
    """After a second Ctrl-C tasks are dropped as they stand, and asyncio would print where each of them stood."""
    import logging

    logging.getLogger("asyncio").disabled = True


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and exits; the one place where an error becomes a line on stderr."""
    sys.exit(run(em, arguments))


def _tell(error: EmError) -> None:
    """On stderr: a line, or one for each fault of a world."""
    for line in str(error).splitlines():
        click.echo(f"em: {line}", err=True)


def run(command: click.Command, arguments: list[str] | None = None) -> int:
    """The exit code of a command, with every foreseen failure as one line on stderr."""
    try:
        command.main(args=arguments, standalone_mode=False)
    except EmError as error:
        _tell(error)
        return error.exit_code
    except BaseExceptionGroup as group:
        # Tasks fail in groups; what is foreseen is reported once, anything else is a fault of ours and stays loud.
        foreseen, other = group.split(EmError)
        if other is not None or foreseen is None:
            raise
        first = foreseen.exceptions[0]
        assert isinstance(first, EmError)
        _tell(first)
        return first.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _hush()
        click.echo("em: interrupted; what a run has played is saved", err=True)
        return INTERRUPTED
    except click.exceptions.Exit as done:
        return done.exit_code
    except BrokenPipeError:
        # The reader went away (`em … | head`): nothing more to say, and nothing to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0
