"""The git collector: what landed on a branch, as changes of the prompts it holds."""
