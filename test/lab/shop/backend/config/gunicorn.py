"""gunicorn's configuration: read by the image's command, so that no shell stands between it and SIGTERM."""
import os

bind = '0.0.0.0:8000'
workers = int(os.environ.get('GUNICORN_WORKERS', '2'))
timeout = 30
graceful_timeout = 5
accesslog = '-'
