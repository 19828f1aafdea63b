"""What developers run: the house rules and the check of the machine."""
