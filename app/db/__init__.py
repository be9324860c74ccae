"""All SQL. Functions take a `Session` and never commit; every row belongs to one shop."""
