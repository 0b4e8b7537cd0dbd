"""The locks of dependencies and the licences of what is in the image, and the tools that write them."""
