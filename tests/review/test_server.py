"""Who may speak to the desk, what is refused, and that every refusal is one line and writes nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from simulator.errors import UsageError
from simulator.journal.journal import Journal
from simulator.journal.reviews import Reviews
from simulator.review.again import variant
from simulator.review.desk import Desk
from simulator.review.server import HOST, MOST, served
from tests.cli.inside import em
from tests.review.runs import reviewed
from tests.worlds import card, play_run, scripted, shipped


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("server") / "data" / "runs" / "trial"
    reviewed(folder, 12)
    return folder


@pytest.fixture
def journal(run: Path) -> Iterator[Reviews]:
    with Reviews.open(run) as journal:
        yield journal
        while journal.undo("ann"):
            pass


def asked(run: Path, method: str, path: str, **given: object) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of one request to a desk of its own; `path` stands below the token, or begins with /."""

    async def once() -> tuple[int, str, dict[str, str]]:
        desk = Desk(run, shipped(), "ann")
        try:
            async with served(desk) as address, aiohttp.ClientSession() as client:
                base = address if not path.startswith("/") else address.rsplit("/", 2)[0]
                headers = {k: v.format(port=address.split(":")[2].split("/")[0]) for k, v in
                           dict(given.pop("headers", {})).items()}  # fmt: skip
                async with client.request(method, base + path, headers=headers, **given) as answer:
                    return answer.status, await answer.text(), dict(answer.headers)
        finally:
            await desk.close()

    return asyncio.run(once())


MARK = {"session": "s00001", "line": None, "kind": "bad", "why": ""}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("do/mark", {}, 200),
        ("do/mark", {"Origin": "http://127.0.0.1:{port}"}, 200),
        ("do/mark", {"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
        ("do/mark", {"Origin": "http://evil.example"}, 403),
        ("do/mark", {"Origin": "null"}, 403),
        ("do/mark", {"Origin": "http://127.0.0.1:1"}, 403),
        ("do/mark", {"Host": "evil.example:{port}"}, 403),
        ("do/mark", {"Host": "127.0.0.1"}, 403),
        ("do/mark", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/guessed-token/do/mark", {}, 403),
        ("/do/mark", {}, 403),
        ("do/nothing", {}, 422),
    ],
)
def test_only_the_page_itself_may_write(
    run: Path, journal: Reviews, path: str, headers: dict[str, str], status: int
) -> None:
    answered, text, sealed = asked(run, "POST", path, json=MARK, headers=headers)
    assert answered == status and "default-src 'none'" in sealed["Content-Security-Policy"]
    assert len(journal.marks()) == (status == 200)
    assert "\n" not in text


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_another_page_could_send_unasked_is_no_json(run: Path, journal: Reviews, kind: str) -> None:
    before = journal.last_action()
    status, _, _ = asked(run, "POST", "do/mark", data='{"session": "s00001"}', headers={"Content-Type": kind})
    assert status == 415 and journal.last_action() == before


@pytest.mark.parametrize(
    ("action", "given", "told"),
    [
        ("mark", {**MARK, "session": "elsewhere"}, "no such session"),
        ("mark", {**MARK, "line": 99}, "no message 99"),
        ("mark", {**MARK, "line": True}, "whole number"),
        ("mark", {**MARK, "kind": "fine"}, "good, bad or clear"),
        ("mark", {**MARK, "why": "x" * 3000}, "2000 characters"),
        ("mark", {**MARK, "why": 7}, "text of 2000"),
        ("edit", {"session": "s00001", "line": 1, "text": ""}, "begins and ends"),
        ("edit", {"session": "s00001", "line": None, "text": "so"}, "of one message"),
        ("edit", {"session": "s00001", "line": 1, "text": "other words for a line"}, "no card in this world"),
        ("undo", {}, "nothing of yours"),
        ("choose", {"session": "s00001"}, "no spare variant"),
        ("check", {"session": "s00001", "line": 1, "rules": []}, "1 to 50 texts"),
        ("check", {"session": "s00001", "line": 1, "rules": [7]}, "text of 2000"),
        ("ask", {"session": "s00001", "line": 1}, "--model"),
        ("again", {"session": "s00001", "line": 1}, "--model"),
        ("restore", {"session": "s00001", "line": 1}, "was not edited"),
    ],
)
def test_a_refusal_is_one_line_and_writes_nothing(
    run: Path, journal: Reviews, action: str, given: dict[str, object], told: str
) -> None:
    before = journal.last_action()
    status, text, _ = asked(run, "POST", f"do/{action}", json=given)
    assert status == 422 and told in text and "\n" not in text and journal.last_action() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("[]", 400), ("\ud800".encode("utf-8", "surrogatepass"), 400), (b"x" * (MOST + 1), 413)],
)
def test_what_is_no_object_is_refused(run: Path, body: bytes | str, status: int) -> None:
    assert asked(run, "POST", "do/mark", data=body, headers={"Content-Type": "application/json"})[0] == status


@pytest.mark.parametrize("path", ["", "list", "session/s00001", "session/s00004?beside=s00004.1", "figures", "state"])
def test_what_the_page_loads_is_whole(run: Path, path: str) -> None:
    status, text, headers = asked(run, "GET", path)
    assert status == 200 and text and headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["session/elsewhere", "alike?session=s00001&line=x", "session/s00001?beside=no"])
def test_what_is_not_there_is_refused_in_one_line(run: Path, path: str) -> None:
    status, text, _ = asked(run, "GET", path)
    assert status == 422 and text.startswith('{"problem"') and "\n" not in text


def test_only_loopback_hears_it(run: Path) -> None:
    async def addresses() -> str:
        desk = Desk(run, shipped(), "ann")
        async with served(desk) as address:
            await desk.close()
            return address

    assert asyncio.run(addresses()).startswith(f"http://{HOST}:") and HOST == "127.0.0.1"


def test_unknown_runs_and_ports_in_use_are_one_line(run: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = em("review", "trial", "--no-browser", "--port", port, cwd=run.parents[2])
    assert done.returncode == 2 and f"em: --port {port}: is in use" in done.stderr
    done = em("review", "elsewhere", "--no-browser", cwd=run.parents[2])
    assert done.returncode == 2 and "no such run" in done.stderr and done.stderr.count("em: ") == 1


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("again") / "trial"
    play_run(folder, card(sessions=2, length="short"))
    return folder


def test_a_model_writes_a_line_again_and_plays_a_session_on(played: Path) -> None:
    """The rest of the variant is new, what came before is what stood there, and the lead's count is the plan's."""

    async def both() -> tuple[str, str]:
        desk = Desk(played, shipped(), "ann", scripted())
        try:
            proposed = await desk.act("ask", {"session": "s00000", "line": 3})
            assert desk.journal.last_action() == 0, "a proposal writes nothing"
            await desk.act("again", {"session": "s00000", "line": 6})
            while "was played on" not in str(desk.state()["outcome"]):
                await asyncio.sleep(0)
            return proposed.text, str(desk.state()["outcome"])
        finally:
            await desk.close()

    text, told = asyncio.run(both())
    assert text and told.startswith("s00000.1 was played on: ")
    with Journal.read(played) as journal:
        old, new = journal.events("s00000"), journal.events("s00000.1")
        row = journal.session("s00000.1")
        words = [[event.text for event in events if event.kind == "said"] for events in (old, new)]
        assert words[0][:6] == words[1][:6] and words[0] != words[1] and len(words[0]) == len(words[1])
        lead = [sum(event.nick == row.session.setting.lead for event in events if event.kind == "said")
                for events in (old, new)]  # fmt: skip
        assert lead[0] == lead[1] == row.plan.lead_messages and row.state in ("spare", "rejected")


def test_what_a_killed_desk_left_open_is_closed_by_the_next_one(played: Path) -> None:
    async def again() -> None:
        desk = Desk(played, shipped(), "ann", scripted())
        try:
            plan, _ = variant(desk.journal, desk.world, "s00001", 4)
            with Journal.open(played) as journal:
                journal.begin(plan)
            await desk.act("again", {"session": "s00001", "line": 4})
            while "s00001.2 was played on" not in str(desk.state()["outcome"]):
                await asyncio.sleep(0)
        finally:
            await desk.close()

    asyncio.run(again())
    with Journal.read(played) as journal:
        assert journal.session("s00001.1").state == "rejected" and journal.session("s00001").state == "kept"
        assert journal.reasons("s00001.1")[0][0] == "abandoned" and journal.tally().open == 0


def test_a_run_that_is_being_played_is_not_played_on(played: Path) -> None:
    async def refused() -> str:
        desk = Desk(played, shipped(), "ann", scripted())
        with Journal.open(played):
            await desk.act("again", {"session": "s00001", "line": 2})
            while not (told := str(desk.state()["outcome"])):
                await asyncio.sleep(0)
        await desk.close()
        return told

    assert "another process is writing this run" in asyncio.run(refused())


def test_what_a_reviewer_asks_a_model_for_is_on_record_with_its_cost(played: Path) -> None:
    """Also when the desk is opened again: each time another line, and no answer in place of one that was paid for."""

    async def once() -> tuple[str, int]:
        desk = Desk(played, shipped(), "ann", scripted())
        try:
            text = (await desk.act("ask", {"session": "s00001", "line": 3})).text
            return text, desk.journal.desk_calls("s00001")
        finally:
            await desk.close()

    with Journal.read(played) as journal:
        before = list(journal.calls("s00001"))
    found = [asyncio.run(once()) for _ in range(3)]
    with Journal.read(played) as journal:
        after = list(journal.calls("s00001"))
    new = [call for call in after if call not in before]
    assert [call for call in after if call in before] == before
    assert len({text for text, _ in found}) > 1 and found[-1][1] == len(new) >= 3
    assert sorted({call.call_id.part for call in new}) == [f"desk{n + 1}" for n in range(len(new))]
    assert {call.call_id.message for call in new} == {3}
    assert any(found[-1][0].endswith(call.reply.text.strip()) for call in new)


def test_a_message_that_would_come_from_another_is_not_asked_for(played: Path) -> None:
    async def act() -> None:
        desk = Desk(played, shipped(), "ann", scripted())
        try:
            await desk.act("ask", {"session": "s00000", "line": 500})
        finally:
            await desk.close()

    with pytest.raises(UsageError, match="no such message"):
        asyncio.run(act())
