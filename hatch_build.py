"""Puts the shipped world into the wheel as it is kept after a check; see `simulator/world/compiled.py`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledContent(BuildHookInterface):  # type: ignore[type-arg]
    """Checks the content, so that no wheel holds a world with a fault."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version`: editable installations read the checkout itself."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from simulator.world import compiled, reading

        data = compiled.compiled(*reading.read(Path(self.root)))
        assert data is not None, "the shipped content holds something that JSON does not"
        place = Path(self.directory) / compiled.SHIPPED
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        build_data["force_include"][str(place)] = f"simulator/_content/{compiled.SHIPPED}"
