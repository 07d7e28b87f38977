"""The review queue as a page: before, defects, after, and two buttons. For one person on this machine.

Everything shown comes from strangers' files, so photos are decoded in child processes and sent as new JPEGs, text is
escaped, no script runs, and only requests that come from the page itself, by the name of this machine, are heard.
"""

import getpass
import html
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from ops.archive.review_queue import ReviewQueue

_PER_PAGE = 20
_MAX_FORM_BYTES = 10_000
_SAFETY = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1200px; padding: 0 1rem; color: #222 }
article { border-top: 1px solid #ccc; padding: 1rem 0 }
figure { display: inline-block; margin: 0 .5rem 0 0; width: 32%; vertical-align: top }
img { width: 100%; background: #eee } figcaption { color: #666 } code { overflow-wrap: anywhere }
mark { background: #fd8; padding: 0 .3rem; border-radius: 3px } input[name=note] { width: 24rem; max-width: 100% }
button { padding: .4rem 1rem; margin-right: .5rem }
"""


def review_app(open_queue: Callable[[], "ReviewQueue"]) -> Starlette:
    """The page over a queue that is read anew for every view, since shards may finish meanwhile."""

    async def show(request: Request) -> HTMLResponse:
        """The results that wait."""
        return HTMLResponse(await run_in_threadpool(lambda: _page(open_queue())), headers=_SAFETY)

    async def picture(request: Request) -> Response:
        """A JPEG of one page of a photo, made anew."""
        photo, page, kind = (request.path_params[name] for name in ("photo", "page", "kind"))
        data = await run_in_threadpool(lambda: open_queue().picture(photo, kind, page))
        if data is None:
            raise HTTPException(404, "this photo waits no longer, or its original changed")
        return Response(data, media_type="image/jpeg", headers=_SAFETY)

    async def decide(request: Request) -> Response:
        """Take a verdict from the page itself, and show what still waits."""
        origin = request.headers.get("origin")
        if origin != f"{request.url.scheme}://{request.url.netloc}":
            raise HTTPException(403, "decisions are only taken from the page itself")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MAX_FORM_BYTES:
                raise HTTPException(413, "the note is too long")
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        try:
            verdict, note = form["verdict"], form.get("note", "")
            who = getpass.getuser()
            await run_in_threadpool(lambda: open_queue().decide(request.path_params["photo"], verdict, who, note))
        except (KeyError, ValueError) as error:
            raise HTTPException(400, f"no such decision: {error}") from error
        return RedirectResponse("/", 303)

    routes = [
        Route("/", show),
        Route("/photo/{photo}/{page:int}/{kind}.jpg", picture),
        Route("/photo/{photo}/decision", decide, methods=["POST"]),
    ]
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def _page(queue: "ReviewQueue") -> str:
    waiting = queue.waiting
    shown = "".join(_article(photo, queue) for photo in list(waiting)[:_PER_PAGE])
    rest = f"<p>{len(waiting) - _PER_PAGE} more wait behind these.</p>" if len(waiting) > _PER_PAGE else ""
    empty = "" if waiting else "<p>Nothing waits: every result is decided.</p>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{len(waiting)} to review</title>"
        f"<style>{_STYLE}</style><h1>{len(waiting)} results wait for a person</h1>"
        "<p>Accepted results are published; rejected ones never are, and their originals become candidates for "
        f"annotation. A decision is final.</p>{shown}{rest}{empty}</html>"
    )


def _article(photo: str, queue: "ReviewQueue") -> str:
    row = queue.waiting[photo]
    flags = " ".join(f"<mark>{html.escape(flag)}</mark>" for flag in (row.flags or "").split(","))
    num_pages = row.num_pages or 1
    figures = "".join(
        f'<figure><img src="/photo/{photo}/{page}/{kind}.jpg" alt="{title}" loading=lazy>'
        f"<figcaption>{title}{f', page {page} of {num_pages}' if num_pages > 1 else ''}</figcaption></figure>"
        for page in range(1, num_pages + 1)
        for kind, title in (("before", "before"), ("mask", "defects found"), ("after", "after"))
    )
    damaged, change = row.damaged_fraction or 0, row.mean_change or 0
    return (
        f"<article><p><code>{html.escape(row.key)}</code> {flags} {damaged:.0%} damaged, mean change {change:.3f}</p>"
        f'{figures}<form method=post action="/photo/{photo}/decision"><p><input name=note maxlength=500 '
        "placeholder='why (optional)'> <button name=verdict value=accepted>Accept</button>"
        "<button name=verdict value=rejected>Reject</button></p></form></article>"
    )
