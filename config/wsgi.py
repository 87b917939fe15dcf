from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  (settings need the module named above)

from config.surface import dispatcher  # noqa: E402

application = dispatcher(settings.PLACET_SURFACE)
