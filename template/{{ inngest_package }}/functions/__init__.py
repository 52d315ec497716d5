"""The app's Inngest functions, one pattern per file. A new file is served as it is: there is no list to add it to."""

from core.inngest.discovery import discover_functions

FUNCTIONS = discover_functions(__name__)
