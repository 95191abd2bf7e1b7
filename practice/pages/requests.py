"""How a request is read, before any middleware sees it."""

import codecs

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


def read_request(environ) -> WSGIRequest:
    """Make the request; a Content-Type that cannot be read, or names a charset other than UTF-8, counts as not sent.

    Django reads it here, and the query in its charset, where no page for errors is near yet. Whatever is wrong with the
    request otherwise is then answered in the ordinary way.
    """
    try:
        request = WSGIRequest(environ)
        if request.encoding is None or codecs.lookup(request.encoding).name == "utf-8":
            return request
    except (ValueError, LookupError, SuspiciousOperation):
        pass
    return WSGIRequest(environ | {"CONTENT_TYPE": ""})


class Handler(WSGIHandler):
    request_class = staticmethod(read_request)
