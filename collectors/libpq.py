"""How connections to databases are opened: parameters of libpq, PostgreSQL's client library."""

from __future__ import annotations

CONNECT_SECONDS = 10
CONNECTING = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Parameters of libpq; those in the URL take precedence."""
