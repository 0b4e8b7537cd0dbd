"""What each strategy costs a system, and from which volume fine-tuning is cheaper. Pure."""
