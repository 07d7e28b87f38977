"""What each part of the method is worth: recipes with one change, their trainings, the table, the gap of domains."""
