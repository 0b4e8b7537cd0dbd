"""The registries of prompts that are known by name, and one whose answers the settings describe."""
