import json

from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.models import Order, OrderLine
from orders.tasks import send_confirmation
from payments.models import Payment
from products.models import Product


@csrf_exempt
@require_POST
def create_order(request):
    """{"email": …, "product": SLUG, "quantity": N}"""
    wanted = json.loads(request.body)
    product = get_object_or_404(Product, slug=wanted['product'])
    quantity = int(wanted.get('quantity', 1))
    with transaction.atomic():
        order = Order.objects.create(email=wanted['email'], total=product.price * quantity)
        OrderLine.objects.create(
            order=order, product=product, product_slug=product.slug, quantity=quantity, unit_price=product.price
        )
        payment = Payment.start(order)
    send_confirmation.delay(order.id)
    return JsonResponse({'order': order.id, 'payment': payment.mollie_id}, status=201)
