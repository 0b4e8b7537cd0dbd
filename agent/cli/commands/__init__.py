"""The commands as the command line shows them: names, options and help, without what carries them out."""
