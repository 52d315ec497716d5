"""`inngest-dev new`: writes a function with all that belongs to it."""
