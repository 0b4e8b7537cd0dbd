"""Results of evaluations: own JSON lines, and the result files of promptfoo, Inspect and lm-eval."""
