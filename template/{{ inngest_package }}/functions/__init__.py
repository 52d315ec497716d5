"""The app's Inngest functions, one pattern per file.

A new file is served as it is: there is no list to add it to.
"""
