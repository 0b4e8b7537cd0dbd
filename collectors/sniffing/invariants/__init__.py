"""What a right reading of a log must satisfy; each thing that it does not is printed as a doubt."""
