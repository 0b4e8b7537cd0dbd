"""Usage in the metrics that Amazon Bedrock writes to CloudWatch by itself."""
