"""One file a trained network: its losses as a ``Stage`` and the function that trains it."""
