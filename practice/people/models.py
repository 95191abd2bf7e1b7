"""Re-exports the models of people: accounts, clients, counselors, consent, invitations, limits, the practice."""

from practice.people.accounts import Role, RoleGrant, User
from practice.people.clients import CareRelationship, Client, Consent
from practice.people.counselors import Counselor, Licence, Topic
from practice.people.invitations import Invitation
from practice.people.limits import RateCount
from practice.people.practices import Practice
from practice.people.supervision import Supervision

__all__ = [
    "CareRelationship",
    "Client",
    "Consent",
    "Counselor",
    "Invitation",
    "Licence",
    "Practice",
    "RateCount",
    "Role",
    "RoleGrant",
    "Supervision",
    "Topic",
    "User",
]
