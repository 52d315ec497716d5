"""python -m inngest_devtools.migrate"""

import sys

from inngest_devtools.migrate import main

sys.exit(main())
