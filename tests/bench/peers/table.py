"""A result of bench_peers.py as the tables of peers.md."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def tables(result: Row) -> str:
    """Tokens, time, and many sessions at once, one table each."""
    return "\n\n".join(make(result["rows"]) for make in (_tokens, _time, _many))


def _tokens(rows: list[Row]) -> str:
    lengths = sorted({m["n"] for row in rows for m in row["measurements"] if m["sessions"] == 1})
    heads = ["framework", "calls a message", f"prompt tokens a message, n = {_list(lengths)}"]
    heads += ["uncached, one slot", "uncached, ideal cache", "beyond the newest message"]
    body = []
    for row in rows:
        single = [m["counted"] for m in _single(row) if "counted" in m]
        if not single or not single[0]["calls"]:
            continue
        per = [_list(_a_message(c, key) for c in single) for key in ("prompt", "uncached_one_slot", "uncached_ideal")]
        calls = f"{single[-1]['calls'] / single[-1]['messages']:.2f}"
        body.append([row["framework"], calls, *per, _list(c["beyond_newest"] for c in single)])
    return _markdown(heads, body)


def _time(rows: list[Row]) -> str:
    lengths = sorted({m["n"] for row in rows for m in row["measurements"] if m["sessions"] == 1})
    heads = ["framework", f"CPU ms a message, n = {_list(lengths)}", "last / first", f"wall ms, n = {_list(lengths)}"]
    heads.append("load average")
    body = []
    for row in rows:
        single = _single(row)
        cpu = [m.get("cpu_ms") for m in single]
        grown = f"{cpu[-1] / cpu[0]:.2f}" if cpu and cpu[0] and cpu[-1] else "–"
        walls = _list(_figure(m.get("wall_ms")) for m in single)
        loads = _list(m.get("load", "–") for m in single)
        body.append([row["framework"], _list(map(_figure, cpu)), grown, walls, loads])
    return _markdown(heads, body)


def _many(rows: list[Row]) -> str:
    counts = sorted({m["sessions"] for row in rows for m in row["measurements"] if m["sessions"] > 1})
    heads = ["framework", "memory before, MB"]
    heads += [f"{title}, {many} at once" for many in counts for title in ("peak MB", "messages/s", "CPU ms a message")]
    body = []
    for row in rows:
        several = {m["sessions"]: m for m in row["measurements"] if m["sessions"] > 1}
        before = next((m["memory_before_mb"] for m in row["measurements"] if "memory_before_mb" in m), None)
        cells = [row["framework"], _figure(before)]
        for many in counts:
            cells += [_figure(several[many].get(key)) for key in ("memory_peak_mb", "messages_per_second", "cpu_ms")]
        body.append(cells)
    return _markdown(heads, body) if counts else ""


def _single(row: Row) -> list[Row]:
    return [m for m in row["measurements"] if m["sessions"] == 1]


def _a_message(counted: Row, key: str) -> str:
    return f"{counted[key] / counted['messages']:.0f}"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _list(values: Any) -> str:
    return " / ".join(map(str, values))


def _markdown(heads: list[str], body: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *body]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
