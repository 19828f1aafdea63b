"""Work-injury bridge: cases, recognition, conversion between funds, the work-injury fund's book."""
