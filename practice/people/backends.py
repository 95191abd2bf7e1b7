"""How the person behind a session is fetched: with the roles they hold now, in one statement."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from practice.people.accounts import User


class Backend(AuthenticationBackend):
    """allauth's backend; an account comes with its roles, which every page asks for."""

    def get_user(self, user_id):
        """The account that may sign in, or None."""
        held = ArrayAgg("role_grants__role", filter=Q(role_grants__ended_at=None), default=[])
        user = User.objects.annotate(held_roles=held).filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        user.roles = frozenset(user.held_roles) - {None}
        return user
