"""Lines that a person describes: `--line`, and bridges that say in their own way who speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.errors import UsageError
from simulator.logs.bots import Bots, bridge
from simulator.logs.conversations import SplitRules
from simulator.logs.entry import ACTION, MESSAGE, SYSTEM
from simulator.logs.formats import custom
from simulator.logs.log_files import LogSelection, logs
from simulator.logs.reading import flow


@pytest.mark.parametrize(
    ("template", "line", "kind", "nick", "text"),
    [
        ("TIME <NICK> TEXT", "10:00 <ann> hi <bob>", MESSAGE, "ann", "hi <bob>"),
        ("TIME <NICK> TEXT", "2012-03-03 10:00:00 <@+ann> hi", MESSAGE, "ann", "hi"),
        ("[TIME] NICK: TEXT", "[03.03.2012 10:00] ann: hi", MESSAGE, "ann", "hi"),
        ("%d/%m/%y %H.%M NICK | TEXT", "03/03/12 10.00 ann | hi", MESSAGE, "ann", "hi"),
        ("NICK (TIME): TEXT", "ann (10:00): hi", MESSAGE, "ann", "hi"),
        ("TIME * NICK TEXT", "10:00 * ann waves", ACTION, "ann", "waves"),
        ("TIME -- ANY", "10:00 -- something", SYSTEM, "", ""),
    ],
)
def test_a_template_reads_its_lines(template: str, line: str, kind: str, nick: str, text: str) -> None:
    entry = custom.grammar([template, "TIME <NICK> TEXT"]).parse(line)
    assert entry is not None and (entry.kind, entry.nick, entry.text) == (kind, nick, text)
    assert entry.stamp is not None and entry.stamp.seconds == 36_000


@pytest.mark.parametrize("line", ["ann: hi", "25:00 <ann> hi", "10:00 <> hi", "10:00 <ann hi"])
def test_a_line_that_no_template_fits_is_nobodys(line: str) -> None:
    assert custom.grammar(["TIME <NICK> TEXT"]).parse(line) is None


@pytest.mark.parametrize("templates", [["TIME TEXT"], ["TIME -- ANY"], ["<NICK>"]])
def test_somebody_must_say_something(templates: list[str]) -> None:
    with pytest.raises(UsageError, match="needs NICK and TEXT"):
        custom.grammar(templates)


def test_templates_are_tried_before_anything_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "#x.log"
    said = [f"10:{n:02} ({('ann', 'bob')[n % 2]}) line {n}" for n in range(12)]
    path.write_text("\n".join([*said, "10:30 -- ann left"]))
    trial = custom.attempt(path, ["TIME (NICK) TEXT"])
    assert (trial.understood, trial.lines) == (12, 13)
    assert trial.said[0] == ("ann", "line 0") and trial.odd == ("10:30 -- ann left",)
    with pytest.raises(UsageError, match="fits 0 of the first 13 lines"):
        custom.attempt(path, ["TIME <NICK> TEXT"])
    (row,) = logs(LogSelection((path,), templates=("TIME (NICK) TEXT", "TIME -- ANY")), [])
    (found,) = flow(row, SplitRules())
    assert found.messages == 12 and row[0].account.not_understood == 0 and row[0].account.format == "custom"


@pytest.mark.parametrize(
    ("given", "text", "found"),
    [
        ("relay", "[discord] <ann> hi", ("ann", "hi")),
        ("relay", "<ann> [x] hi", ("ann", "[x] hi")),
        ("relay", "(tg) <Ann Lee#1234> hi", ("Ann_Lee", "hi")),
        ("relay=NICK said TEXT", "ann said hi", ("ann", "hi")),
        ("Relay=(ANY) NICK: TEXT", "(irc) ann: hi: you", ("ann", "hi: you")),
        ("relay=NICK said TEXT", "<ann> hi", None),
        ("relay", "connected", None),
    ],
)
def test_who_speaks_over_a_bridge(given: str, text: str, found: tuple[str, str] | None) -> None:
    assert Bots(bridges=[given]).inside("relay", text) == found


@pytest.mark.parametrize("given", ["relay=NICK", "relay=", "relay=TEXT"])
def test_a_pattern_that_names_nobody(given: str) -> None:
    with pytest.raises(UsageError, match="needs NICK and TEXT"):
        bridge(given)
