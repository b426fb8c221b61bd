"""Django's database backends with django-prometheus' metrics, at a tenth of their cost."""
