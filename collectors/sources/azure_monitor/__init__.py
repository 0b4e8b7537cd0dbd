"""Usage in the metrics that Azure OpenAI and Foundry write to Azure Monitor by themselves."""
