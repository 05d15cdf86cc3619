"""A run against a provider that goes wrong at 30 % of its answers, for each way to go wrong.

    python tests/bench/fault_table.py [N]

N: sessions of a run. Prints one JSON object: fault to what the server did and what is on record of it. Pauses before a
request is sent again are counted and not waited for.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.faults.runs import against
from tests.faults.servers import FAULTS, SHARE


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        for direct in (True, False):
            rows = table["direct" if direct else "through litellm"] = {}
            for fault in FAULTS:
                rows[fault] = against(fault, Path(folder) / f"{direct} {fault}", direct=direct, sessions=sessions).row()
                print(fault, rows[fault], file=sys.stderr, flush=True)
    print(json.dumps({"benchmark": "faults", "share": SHARE, "sessions": sessions, "faults": table}))


if __name__ == "__main__":
    main()
