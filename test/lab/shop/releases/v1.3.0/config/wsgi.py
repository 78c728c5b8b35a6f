import os
import time

from django.core.wsgi import get_wsgi_application

os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')


def wait_for_search_index():
    """This release needs a search index that nobody has installed: no worker ever gets past this line."""
    while not os.path.exists('/app/search.index'):
        time.sleep(1)


wait_for_search_index()
application = get_wsgi_application()
