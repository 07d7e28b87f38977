"""Networks of the methods that the report compares with, each as its authors built it."""
