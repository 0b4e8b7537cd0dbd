"""The agent: runs collectors, keeps the store, reapplies the framework, exports the result."""
