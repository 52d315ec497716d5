"""`inngest-dev adopt`: what a project that stands still needs, and where it loses work today.

Reads files, imports nothing of the project, and needs no package: it runs before anything is
installed.
"""
