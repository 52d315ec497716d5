"""Inngest in projects that stand: small ones of our own, and public ones where they are cloned."""
