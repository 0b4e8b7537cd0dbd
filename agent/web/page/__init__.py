"""The contents of the status page as values; the HTML is in the templates."""
