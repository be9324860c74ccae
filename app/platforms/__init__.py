"""The outside world in our words. Nothing here sees the database."""
