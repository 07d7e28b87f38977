"""How good methods are: the test set, what each method makes of it, tables, and the reports."""
