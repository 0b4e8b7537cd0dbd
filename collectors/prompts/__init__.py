"""When a prompt has changed: one rule for every source that watches prompts."""
