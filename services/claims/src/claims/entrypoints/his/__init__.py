"""The national HIS dialect (chs-interface sections 1 to 9): bytes in, a HIS answer out."""
