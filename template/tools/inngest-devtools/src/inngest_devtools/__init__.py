"""The Dev Server on this machine: `uv run dev` and `uv run dev-server`.

The app never imports this package.
"""
