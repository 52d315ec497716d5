"""`python tools/inngest-devtools/src/inngest_devtools/adopt`, where nothing is installed."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # any Python may be given this folder
    sys.exit("ERROR:    Python 3.11 or newer is needed, for this command and for the functions.")
sys.path[0] = str(Path(__file__).resolve().parents[2])

from inngest_devtools.adopt.command import main

main()
