"""Routers of ``/api/v1``. They only translate; each route names the permission it needs."""
