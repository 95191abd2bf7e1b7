"""What a refused change of the calendar is answered with."""

from django.http import HttpResponse

from practice.calendar.locks import Busy
from practice.calendar.reserving import Taken
from practice.people.limits import LimitReached

TRY_AGAIN_SECONDS = 2


def with_status_of(error: Exception | None, response: HttpResponse) -> HttpResponse:
    """The page with the status that tells programs what happened, else as it was given.

    409 if somebody was quicker; 503 while many book and 429 after too many tries, both with when to try again.
    """
    if isinstance(error, Taken):
        response.status_code = 409
    elif isinstance(error, Busy):
        response.status_code, response["Retry-After"] = 503, str(TRY_AGAIN_SECONDS)
    elif isinstance(error, LimitReached):
        response.status_code, response["Retry-After"] = 429, str(error.retry_after)
    return response
