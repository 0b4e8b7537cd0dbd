"""What is counted while agents are killed: invented sources, and what a store must hold of them."""
