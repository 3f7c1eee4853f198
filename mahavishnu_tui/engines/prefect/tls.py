"""How the server's certificate is checked."""

from __future__ import annotations

import ssl

from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import ErrorCode


def tls_context(connection: PrefectConnection) -> ssl.SSLContext:
    """The context for one server, with the system's authorities unless others are named.

    Raises:
        PrefectError: MHV-001, the authorities cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=connection.ssl_cert_file or None)
    except (OSError, ssl.SSLError) as error:
        raise PrefectError(
            ErrorCode.CONFIG_INVALID,
            f"Prefect's certificate authorities {connection.ssl_cert_file} cannot be read: {error}.",
            "Mend PREFECT_API_SSL_CERT_FILE.",
            kind="invalid",
        ) from None
    if not connection.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
