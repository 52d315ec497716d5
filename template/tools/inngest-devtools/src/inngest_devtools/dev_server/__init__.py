"""The Dev Server on this machine: its binary, settings, process, and what it knows of the app."""
