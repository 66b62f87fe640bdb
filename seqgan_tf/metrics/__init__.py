"""Pure measurements of samples: BLEU, diversity, divergences, n-gram models."""
