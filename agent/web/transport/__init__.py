"""Connections of the HTTP server: HTTP/1.1, TLS, passwords, and limits."""
