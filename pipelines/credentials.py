"""Content credentials of the archive run: where certificate and key lie, if the archive has them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from ops.archive.provenance import ReleaseIdentity


class ContentCredentials(dg.ConfigurableResource):  # type: ignore[type-arg]
    """PEM files named by ``ALBUMEN_C2PA_CERTIFICATE`` and ``ALBUMEN_C2PA_KEY``; only their paths are kept here."""

    certificate: str
    private_key: str

    def signer(self, release: "ReleaseIdentity") -> Callable[[bytes, str], bytes] | None:
        """Who signs restored files; None when neither file is named.

        Raises:
            ValueError: only one is named, or they cannot sign.
        """
        if not self.certificate and not self.private_key:
            return None
        if not self.certificate or not self.private_key:
            raise ValueError("ALBUMEN_C2PA_CERTIFICATE and ALBUMEN_C2PA_KEY belong together: set both, or neither")
        from ops.archive.content_credentials import content_credentials

        return content_credentials(Path(self.certificate), Path(self.private_key), release)
