"""`python -m inngest_devtools`: the same as `inngest-dev`."""

from inngest_devtools.cli import main

main()
