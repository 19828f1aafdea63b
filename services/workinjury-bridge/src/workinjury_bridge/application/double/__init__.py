"""The same bill at both funds (B10), and the papers that a person claims with."""
