import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "template" / "tests"))  # the stand-in server
