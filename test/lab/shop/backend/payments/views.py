import logging

import sentry_sdk
from django.http import HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from payments.models import Payment

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def webhook(request):
    """Mollie posts the id of a payment and expects 200, also for one that we do not know."""
    sentry_sdk.set_tag('domain', 'payment')
    mollie_id = request.POST.get('id')
    if not mollie_id:
        return HttpResponseBadRequest('id is missing')
    updated = Payment.objects.filter(mollie_id=mollie_id).update(status='paid')
    logger.info('webhook for %s: %s', mollie_id, 'paid' if updated else 'unknown payment')
    return HttpResponse('ok')
