"""What protects the main listener: TLS, passwords, and headers of the web configuration file."""
