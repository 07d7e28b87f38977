"""Telling somebody: one line of text to a web address, as chat programs and pagers take it."""

from __future__ import annotations

import http.client
import json
import urllib.request
from urllib.parse import urlsplit


def send_alert(url: str, text: str) -> str | None:
    """Post ``{"text": ...}`` to ``url``, which is of the installation's settings, never of a run's input.

    Returns:
        What went wrong, without the address (it may hold a secret); None if it was taken. An alert that fails must not
        fail what it reports.
    """
    try:
        if urlsplit(url).scheme not in {"http", "https"}:
            return "ALBUMEN_ALERT_URL is no http or https address: correct it"
        request = urllib.request.Request(  # noqa: S310  (the scheme was checked)
            url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310
            return None
    except (OSError, http.client.HTTPException, ValueError) as error:  # an answer that breaks off is no URLError
        return f"the alert was not taken ({type(error).__name__}): check ALBUMEN_ALERT_URL"
