"""GET /api/health/: one answer a component. 503 only for what the shop cannot work without."""
from django.core.cache import cache
from django.db import connection
from django.http import JsonResponse

from config.celery import app


def database():
    with connection.cursor() as cursor:
        cursor.execute('SELECT 1')
    return {'status': 'healthy', 'message': 'Database connection successful'}


def redis_cache():
    cache.set('health', 'ok', 30)
    if cache.get('health') != 'ok':
        raise RuntimeError('wrote a value and read another one back')
    return {'status': 'healthy', 'message': 'Redis cache connection successful'}


def celery():
    workers = sorted(app.control.inspect(timeout=2, limit=1).ping() or {})
    if not workers:
        return {'status': 'warning', 'message': 'No Celery workers responding'}
    return {'status': 'healthy', 'message': f'Celery workers active: {len(workers)}', 'workers': workers}


def answer(component, name, on_error):
    try:
        return component()
    except Exception as error:  # whatever went wrong, it is this component's answer
        return {'status': on_error, 'message': f'{name} error: {error}'}


def health(request):
    checks = {
        'database': answer(database, 'Database', 'unhealthy'),
        'redis_cache': answer(redis_cache, 'Redis', 'unhealthy'),
        'celery': answer(celery, 'Celery', 'warning'),
    }
    found = {check['status'] for check in checks.values()}
    status = 'unhealthy' if 'unhealthy' in found else 'degraded' if 'warning' in found else 'healthy'
    return JsonResponse({'status': status, 'checks': checks}, status=503 if status == 'unhealthy' else 200)
