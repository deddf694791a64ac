"""What a closed room leaves in the caches of its libraries."""

from fastapi.dependencies import models


def forget_endpoints() -> None:
    """Empty FastAPI's caches by endpoint: endpoints hold the room, and hundreds of rooms follow.

    They are looked through at each garbage collection, which took longer with every test.
    """
    for cache in vars(models).values():
        if hasattr(cache, "cache_clear"):
            cache.cache_clear()
