"""The yardstick: what Django needs for one durable INSERT, with nothing around it."""

from __future__ import annotations

import json

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

PATH = "/bench/insert"


def insert(request: HttpRequest) -> JsonResponse:
    """Parse JSON, write one row in a transaction of its own, answer its id."""
    body = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bench_plain (agent, amount, payload) values (%s, %s, %s) returning id",
            [body["run"], body["parameters"]["amount"]["amount"], json.dumps(body)],
        )
        row = cursor.fetchone()
    return JsonResponse({"id": row[0]})


urlpatterns = [path(PATH.removeprefix("/"), insert)]
