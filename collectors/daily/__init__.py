"""What all sources share that are asked for whole days: which days, what each day's answer means, when to ask."""
