"""Usage in the metrics that Vertex AI writes to Google Cloud Monitoring by itself."""
