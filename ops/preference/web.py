"""The page of a study: one photo, its results blind and shuffled, a ranking. Starlette answers, on 127.0.0.1 only.

What a client sends is a name, a photo's number and tokens; each is looked up among those of the study, and no path is
ever made of it. Ballots are JSON, which no form of a foreign page can post unasked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ops.preference.ballots import AlreadyVotedError, Ballot, BallotBox, rater_name
from ops.preference.studies import Study, shown_order

MAX_BODY_BYTES = 10_000
_PAGE = Path(__file__).with_name("page")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Vote(BaseModel):
    """What the page posts: who, the photo's number, tokens best first, how long it took."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rater: Annotated[str, Field(max_length=200)]
    photo: Annotated[int, Field(ge=0)]
    ranking: Annotated[list[Annotated[str, Field(max_length=16)]], Field(max_length=30)]
    seconds: Annotated[float, Field(ge=0, le=86_400)]


def study_app(study: Study, box: BallotBox) -> Starlette:
    """The page of ``study``, whose votes go into ``box``."""
    pictures = study.pictures()

    async def next_photo(request: Request) -> Response:
        """The first photo that the rater named in the query has not ranked."""
        try:
            rater = rater_name(request.query_params.get("rater", ""))
        except ValueError as error:
            return _refusal(422, str(error))
        return JSONResponse(await run_in_threadpool(_open_photo, study, box, rater), headers=_HEADERS)

    async def vote(request: Request) -> Response:
        """Take one ballot; 409 if there is one of this rater for this photo."""
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return _refusal(415, "a vote is posted as application/json")
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return _refusal(413, f"a vote has less than {MAX_BODY_BYTES} bytes")
        try:
            ballot = checked_ballot(study, Vote.model_validate_json(body))
            await run_in_threadpool(box.cast, study.sha256, ballot)
        except ValidationError as error:
            fields = ", ".join(".".join(map(str, one["loc"])) or "the whole" for one in error.errors())
            return _refusal(422, f"this is no vote; wrong: {fields}")
        except ValueError as error:
            return _refusal(422, str(error))
        except AlreadyVotedError as error:
            return _refusal(409, str(error))
        return JSONResponse({"counted": True}, status_code=201, headers=_HEADERS)

    async def picture(request: Request) -> Response:
        """The PNG behind a token of this study."""
        path = pictures.get(request.path_params["token"])
        if path is None:
            return _refusal(404, "no such picture in this study")
        return FileResponse(path, media_type="image/png", headers=_HEADERS | {"Cache-Control": "private, max-age=3600"})

    return Starlette(
        routes=[
            Route("/", _file("ballot.html", "text/html; charset=utf-8")),
            Route("/ballot.css", _file("ballot.css", "text/css")),
            Route("/ballot.js", _file("ballot.js", "text/javascript")),
            Route("/zoom.js", _file("zoom.js", "text/javascript")),
            Route("/next", next_photo),
            Route("/votes", vote, methods=["POST"]),
            Route("/pictures/{token}", picture),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def checked_ballot(study: Study, vote: Vote) -> Ballot:
    """The ballot that ``vote`` means.

    Raises:
        ValueError: no such photo, or the ranking does not hold each of its results once.
    """
    rater = rater_name(vote.rater)
    if vote.photo >= len(study.photos):
        raise ValueError(f"this study has {len(study.photos)} photos, there is no number {vote.photo}")
    photo = study.photos[vote.photo]
    if sorted(vote.ranking) != sorted(photo.results.values()):
        raise ValueError(f"a ranking holds each of the {len(photo.results)} results of the photo once")
    ranking = tuple(photo.method_of(token) for token in vote.ranking)
    shown = tuple(photo.method_of(token) for token in shown_order(study, rater, photo))
    return Ballot(rater, photo.name, ranking, shown, vote.seconds)


def _open_photo(study: Study, box: BallotBox, rater: str) -> dict[str, object]:
    """The first photo that ``rater`` has not ranked, as the page wants it."""
    done = box.photos_ranked(study.sha256, rater)
    progress = {"rater": rater, "done": len(done), "total": len(study.photos)}
    for number, photo in enumerate(study.photos):
        if photo.name not in done:
            return progress | {"photo": number, "old": photo.old, "results": shown_order(study, rater, photo)}
    return progress | {"photo": None}


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        """The file, whatever is asked."""
        return FileResponse(_PAGE / name, media_type=media_type, headers=_HEADERS)

    return answer


def _refusal(status: int, reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=status, headers=_HEADERS)
