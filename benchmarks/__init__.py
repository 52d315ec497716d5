import sys
from pathlib import Path

# the stand-in for the server
sys.path.append(str(Path(__file__).parents[1] / "template/tools/inngest-devtools/src"))
