"""The benefit kernel on columns of claims (numpy): millions of claims a second, to the fen the same as one at a time."""
