"""The Dev Server's history on disk, for when the server itself cannot be asked any more."""

import sqlite3
from contextlib import closing
from datetime import datetime

from inngest_devtools.dev_server.config import ServerConfig
from inngest_devtools.project import PROJECT_ROOT

# As the CLI 1.43 keeps them.
UNFINISHED = """
SELECT functions.name FROM function_runs
JOIN functions ON functions.id = function_runs.function_id
LEFT JOIN function_finishes ON function_finishes.run_id = function_runs.run_id
WHERE function_finishes.run_id IS NULL AND function_runs.run_started_at > ?
"""


def read_unfinished(config: ServerConfig, since: datetime) -> list[str]:
    """The function of each run that has begun and not ended; nothing where that is elsewhere.

    Raises:
        sqlite3.Error: The file is another one than we know.
    """
    file = PROJECT_ROOT / (config.sqlite_dir or ".inngest") / "main.db"
    if config.postgres_uri or not file.is_file():
        return []
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=2)) as database:
        rows = database.execute(UNFINISHED, [f"{since:%Y-%m-%d %H:%M:%S}"])
        return [name for (name,) in rows]
