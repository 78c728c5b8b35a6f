from django.contrib import admin
from django.urls import path

from core.health import health
from orders.views import create_order
from payments.views import webhook
from products.views import product_detail, product_list

urlpatterns = [
    path('admin/', admin.site.urls),
    path('api/health/', health),
    path('api/products/', product_list),
    path('api/products/<slug:slug>/', product_detail),
    path('api/orders/', create_order),
    path('api/payments/webhook/', webhook),
]
