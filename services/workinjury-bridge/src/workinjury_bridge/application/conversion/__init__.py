"""What people state and decide about a conversion before it is checked: facts of case and stay, the split of a mixed stay."""
