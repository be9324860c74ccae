"""`python -m workers`: what `backline worker` becomes once it has seen what it needs. It loads what jobs
use and no more, for every worker process holds it in memory all day."""

from app.logs import configure_logs
from app.pipeline.runtime import build_runtime
from app.services import collect_garbage_seldom
from app.settings import SettingsError, load_settings
from workers.pool import Pool


def main() -> None:
    """Work until told to stop."""
    configure_logs(as_json=False)
    settings = load_settings()
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set. Start workers with `backline worker`.")
    collect_garbage_seldom()
    Pool(build_runtime(settings), settings.redis_url).run()


if __name__ == "__main__":
    main()
