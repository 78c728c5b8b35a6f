from django.db import models

from products.models import Product


class Order(models.Model):
    email = models.EmailField()
    status = models.CharField(max_length=20, default='open')
    total = models.DecimalField(max_digits=10, decimal_places=2)
    created_at = models.DateTimeField(auto_now_add=True)


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    product_slug = models.CharField(max_length=200, default='')
    sku = models.CharField(max_length=20, default='')
    quantity = models.PositiveIntegerField(default=1)
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)
