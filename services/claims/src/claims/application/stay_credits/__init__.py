"""Stays on credit (挂账): opened by the agency for the hospital, settled when the recognition is decided or the limit is over."""
