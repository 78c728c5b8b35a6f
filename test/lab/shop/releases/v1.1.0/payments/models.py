import uuid

from django.conf import settings
from django.db import models

from orders.models import Order


class Payment(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    mollie_id = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=20, default='open')
    method = models.CharField(max_length=20, null=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    webhook_url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @classmethod
    def start(cls, order):
        """A real shop would now call Mollie with this webhook address: a BACKEND_URL ending in /api doubles it."""
        webhook = f'{settings.BACKEND_URL}/api/payments/webhook/'
        return cls.objects.create(
            order=order, mollie_id=f'tr_{uuid.uuid4().hex[:10]}', amount=order.total, webhook_url=webhook
        )
