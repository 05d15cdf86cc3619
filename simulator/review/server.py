"""The page of the desk, served on loopback to the one browser that knows the token.

A request counts only if it comes to this address (Host), from this page or from no page (Origin), under the token.
What writes is a POST of JSON, which no other page can send without being asked for leave first. Everything that
anybody typed is escaped by the templates; the page may load nothing from anywhere else (Content-Security-Policy).
"""

from __future__ import annotations

import errno
import hmac
import json
import secrets
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from jinja2 import Template

from simulator.corpus.calibration import calibration
from simulator.errors import EmError, UsageError
from simulator.report import offline
from simulator.review.desk import Desk
from simulator.review.queue import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
TEMPLATES = Path(__file__).with_name("templates")
MOST = 64 * 1024
"""Bytes of a request."""
SEALED = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer."""


@asynccontextmanager
async def served(desk: Desk, port: int = 0) -> AsyncIterator[str]:
    """The address of the page, with its token, for the length of the block. `port` 0: one that is free.

    Raises UsageError if the port is taken.
    """
    token = secrets.token_urlsafe(24)
    runner = web.AppRunner(_application(desk, token), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            cause = "is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
            raise UsageError(cause, place=f"--port {port}", remedy="choose another, or leave it out") from None
        yield f"http://{HOST}:{runner.addresses[0][1]}/{token}/"
    finally:
        await runner.cleanup()


def _application(desk: Desk, token: str) -> web.Application:
    pages = _Pages(desk)
    app = web.Application(middlewares=[_guarded(token)], client_max_size=MOST)
    app.router.add_get("/{token}/", pages.page)
    app.router.add_get("/{token}/desk.css", pages.style)
    app.router.add_get("/{token}/desk.js", pages.script)
    app.router.add_get("/{token}/list", pages.list)
    app.router.add_get("/{token}/session/{session}", pages.session)
    app.router.add_get("/{token}/figures", pages.figures)
    app.router.add_get("/{token}/state", pages.state)
    app.router.add_get("/{token}/alike", pages.alike)
    app.router.add_post("/{token}/do/{action}", pages.act)
    return app


def _guarded(token: str) -> Middleware:
    """Lets through what comes from the page, and turns what is refused into one line of JSON."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request) if _own(request, token) else _refusal(403, "this desk is not yours")
        except EmError as error:
            response = _refusal(422, str(error))
        except web.HTTPException as error:
            response = _refusal(error.status, error.reason)
        response.headers.update(SEALED)
        return response

    return guarded


def _own(request: web.Request, token: str) -> bool:
    """Whether the request was sent to this address, by this page or by hand, with the token."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    hosts = {f"{HOST}:{port}", f"localhost:{port}"}
    origin = request.headers.get("Origin")
    given = request.match_info.get("token", "")
    return (
        request.host in hosts
        and (origin is None or origin in {f"http://{host}" for host in hosts})
        and request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        and hmac.compare_digest(given.encode(), token.encode())
    )


def _refusal(status: int, problem: str) -> web.Response:
    return web.json_response({"problem": problem}, status=status)


class _Pages:
    """What the page loads, and what it does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._templates = {name: _template(name) for name in ("page", "list", "session", "figures")}

    async def page(self, request: web.Request) -> web.Response:
        entries = self._desk.entries()
        axes = {
            "pattern": sorted({entry.pattern for entry in entries}),
            "engagement": list(self._desk.world.engagement.levels),
            "channel": sorted({entry.channel for entry in entries}),
            "state": ["kept", "rejected", "spare", "open"],
            "nick": sorted({nick for entry in entries for nick in entry.nicks}),
        }
        judge = self._desk.world.judge
        whys = [item.name for item in judge.items] + [category.name for category in self._desk.world.guard.categories]
        return self._html("page", desk=self._desk, axes=axes, whys=whys)

    async def style(self, request: web.Request) -> web.Response:
        text = offline.style() + (TEMPLATES / "desk.css").read_text()
        return web.Response(text=text, content_type="text/css")

    async def script(self, request: web.Request) -> web.Response:
        return web.Response(text=(TEMPLATES / "desk.js").read_text(), content_type="text/javascript")

    async def list(self, request: web.Request) -> web.Response:
        desk = self._desk
        found, every = desk.wanted(Wanted.of(request.query)), desk.entries()
        done = sum(desk.person in entry.verdicts for entry in every)
        return self._html("list", entries=found, desk=desk, done=done, all=len(every))

    async def session(self, request: web.Request) -> web.Response:
        ident, beside = request.match_info["session"], request.query.get("beside")
        shown = [self._desk.session(each) for each in (ident, beside) if each]
        entry = next((each for each in self._desk.entries() if each.id == ident), None)
        return self._html("session", views=shown, entry=entry, desk=self._desk, judge=self._desk.world.judge)

    async def figures(self, request: web.Request) -> web.Response:
        return self._html("figures", found=calibration(self._desk.journal, self._desk.world))

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(self._desk.state(request.query.get("session", "")))

    async def alike(self, request: web.Request) -> web.Response:
        line = request.query.get("line", "")
        if not line.isdecimal():
            raise UsageError("a message is named by a whole number", place="line", remedy="load the page again")
        return web.json_response(self._desk.alike(request.query.get("session", ""), int(line)))

    async def act(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            given = await request.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise web.HTTPBadRequest from None
        if not isinstance(given, Mapping):
            raise web.HTTPBadRequest
        done = await self._desk.act(request.match_info["action"], given)
        return web.json_response(
            {"outcome": done.outcome, "session": done.session, "line": done.line, "text": done.text}
        )

    def _html(self, name: str, **values: object) -> web.Response:
        return web.Response(text=self._templates[name].render(**values), content_type="text/html")


def _template(name: str) -> Template:
    return offline.template(f"{name}.html.j2", TEMPLATES)
