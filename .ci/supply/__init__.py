"""Which releases are used: the locks, the licences of what is in the image, and what makes both."""
