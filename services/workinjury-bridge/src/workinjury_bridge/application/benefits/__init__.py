"""Cash benefits: appraisals, one-off items, pensions and their monthly run, death and succession, returned payments."""
