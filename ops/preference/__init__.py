"""The preference study: people rank the methods' results blind, and their rankings become the report's user study.

``studies`` freezes what is shown, ``ballots`` keeps the votes, ``standings`` counts them, ``web`` is the page.
"""
