from django.http import JsonResponse
from django.shortcuts import get_object_or_404

from products.models import Product


def as_json(product):
    return {'slug': product.slug, 'sku': product.sku, 'name': product.name, 'price': str(product.price), 'stock': product.stock}


def product_list(request):
    newest = Product.objects.order_by('-created_at', '-id')[:20]
    return JsonResponse({'products': [as_json(product) for product in newest]})


def product_detail(request, slug):
    return JsonResponse(as_json(get_object_or_404(Product, slug=slug)))
