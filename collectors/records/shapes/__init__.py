"""Records of other shapes, made into JSON objects of one call each. No I/O."""
