import time

from celery import shared_task
from django.core.cache import cache


@shared_task
def heartbeat():
    """Sent by beat every 30 s: its age in the cache says whether beat, broker and worker are all alive."""
    cache.set('heartbeat', time.time(), None)


@shared_task
def ping():
    """A round trip through broker and worker that changes nothing."""
    return 'pong'
