"""The page at `/` while the app is developed."""
