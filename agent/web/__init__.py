"""The HTTP server: the status page, the metrics, the JSON interface, and the transport below them."""
